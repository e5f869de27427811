// Somebody is invited to a space: a name and a role give a link. Open invitations can be copied, sent and taken back.

import { $, ask, button, element, link, sure, text } from "./page.js";
import { qr } from "./qr.js";

let invited = { id: "", title: "" };
let token = "";

/**
 * Opens the dialog for a space; `by` is the token of whoever invites, empty for a session.
 * @param {{ id: string, title: string }} space
 * @param {string} by
 */
export function invite(space, by) {
  invited = space;
  token = by;
  $("invite-title").textContent = text("invite.title", { title: space.title });
  $("invite-result").replaceChildren();
  $("invite-open").replaceChildren();
  $("invite").showModal();
  attempt(list);
}

/**
 * Runs an action, and says what did not work.
 * @param {() => Promise<unknown>} action
 */
async function attempt(action) {
  try {
    await action();
  } catch (error) {
    $("invite-result").replaceChildren(element("p", { role: "alert" }, error.message));
  }
}

async function list() {
  const { invitations } = await ask("GET", `/spaces/${invited.id}/invitations`, { token });
  $("invite-open-title").hidden = !invitations.length;
  $("invite-open").replaceChildren(...invitations.map(row));
}

/** @param {Invitation} invitation */
function row({ seat, name, role, link: address }) {
  const labelled = (/** @type {string} */ key) => ({ ariaLabel: `${text(key)}: ${name}` });
  const copy = button(text("do.copy"), async () => {
    await navigator.clipboard?.writeText(address);
    copy.textContent = text("do.copied");
  }, labelled("do.copy"));
  const revoke = button(text("invite.revoke"), async () => await sure(text("invite.sure_revoke", { name }), text("invite.revoke")) && attempt(async () => {
    await ask("DELETE", `/spaces/${invited.id}/seats/${seat}`, { token });
    await list();
  }), labelled("invite.revoke"));
  const [show, code] = qr(address, name);
  return element("li", {}, element("strong", {}, name), element("span", { className: "quiet" }, text(`role.${role}`)),
    element("span", { className: "buttons" }, copy, share(address, name), show, role === "host" ? null : revoke), code);
}

/**
 * A button for the device's own way to send something, where it has one.
 * @param {string} url
 * @param {string} name
 */
function share(url, name) {
  if (!navigator.share) return null;
  const send = () => navigator.share({ title: invited.title, url }).catch(() => {}); // closed without sending
  return button(text("invite.share"), send, { ariaLabel: `${text("invite.share")}: ${name}` });
}

$("invite-close").addEventListener("click", () => $("invite").close());
$("invite-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const { name, role } = $("invite-form").elements;
  attempt(async () => {
    const made = await ask("POST", `/spaces/${invited.id}/invitations`, { token, body: { name: name.value, role: role.value } });
    const [show, code] = qr(made.link, made.name);
    $("invite-result").replaceChildren(element("p", {}, text("invite.link", { name: made.name })), link(made.link, text("invite.link", { name: made.name })),
      element("div", { className: "buttons" }, share(made.link, made.name), show), code);
    $("invite-form").reset();
    await list();
  });
});
