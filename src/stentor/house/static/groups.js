// Roles by groups of the sign-in provider: rows of the settings are shown, the others are made and removed.

import { $, ask, button, element, sure, text } from "./page.js";
import { attempt, values } from "./sign.js";

const PATH = "/site/group-roles";

/** @typedef {{ group: string, role: string, fixed: boolean }} GroupRow */

/** @param {{ provider: string, claim: string, rows: GroupRow[] }} told */
function draw({ provider, claim, rows }) {
  $("provider").textContent = provider ? text("groups.from", { provider, claim }) : text("groups.nowhere");
  const drawn = rows.map(({ group, role, fixed }) => element("li", {},
    element("span", {}, element("strong", {}, group), " ", element("span", { className: "quiet" }, text(`site.${role}`))),
    fixed ? element("span", { className: "quiet" }, text("groups.fixed")) : button(text("groups.remove"), () => remove(group), { className: "small danger", ariaLabel: `${text("groups.remove")}: ${group}` })));
  $("groups").replaceChildren(...(drawn.length ? drawn : [element("li", { className: "quiet" }, text("groups.none"))]));
}

/** @param {string} group */
async function remove(group) {
  if (!await sure(text("groups.sure", { group }), text("groups.remove"))) return;
  await attempt(async () => draw(await ask("DELETE", `${PATH}?${new URLSearchParams({ group })}`)));
}

$("add").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  attempt(async () => {
    const body = values(event.target);
    draw(await ask("PUT", PATH, { body }));
    event.target.reset();
    $("notice").textContent = text("groups.saved");
  });
});
attempt(async () => draw(await ask("GET", PATH)));
