// Somebody is invited to a space: a name and a role give a link.

import { $, ask, element, link, text } from "./page.js";

let invited = "";
let token = "";

/**
 * Opens the dialog for a space; `by` is the token of whoever invites, empty for a session.
 * @param {{ id: string, title: string }} space
 * @param {string} by
 */
export function invite(space, by) {
  invited = space.id;
  token = by;
  $("invite-title").textContent = text("invite.title", { title: space.title });
  $("invite-result").replaceChildren();
  $("invite").showModal();
}

$("invite-close").addEventListener("click", () => $("invite").close());
$("invite-form").addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const { name, role } = $("invite-form").elements;
  try {
    const made = await ask("POST", `/spaces/${invited}/invitations`, { token, body: { name: name.value, role: role.value } });
    $("invite-result").replaceChildren(element("p", {}, text("invite.link", { name: made.name })), link(made.link));
    $("invite-form").reset();
  } catch (error) {
    $("invite-result").replaceChildren(element("p", { role: "alert" }, error.message));
  }
});
