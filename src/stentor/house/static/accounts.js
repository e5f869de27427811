// All accounts, for administrators: found by name or handle; their role, suspension and deletion.

import { $, ask, button, element, sure, text, when } from "./page.js";
import { attempt } from "./sign.js";

const ROLES = ["member", "moderator", "admin"];
const MOST_SHOWN = 100; // rows at once; the search finds the others
const own = JSON.parse($("page").textContent).handle; // nobody rules on themselves
const RECORD_PAGE = 100; // as many as the house gives at once
const OWN = new Set(["deleted"]); // what people do to themselves, too, reads differently then
/** @type {ProfileView[]} */
let accounts = [];
let oldest = 0; // the id of the last line of the record that is shown

/**
 * Does `work`, says that it is done, and shows what is so now.
 * @param {() => unknown} work
 */
const save = (work) => attempt(async () => {
  await work();
  await load();
  $("notice").textContent = text("account.saved");
});

/**
 * @param {string} handle
 * @param {Partial<ProfileView>} body
 */
const rule = (handle, body) => save(() => ask("PATCH", `/accounts/${handle}`, { body }));

/** @param {ProfileView} account */
function roles({ handle, name, role }) {
  const select = element("select", { ariaLabel: text("accounts.role", { name }) },
    ...ROLES.map((each) => element("option", { value: each, selected: each === role }, text(`site.${each}`))));
  select.addEventListener("change", async () => {
    if (!await rule(handle, { role: select.value })) select.value = role;
  });
  return select;
}

/** @param {ProfileView} account */
function suspension({ handle, name, suspended }) {
  const label = text(suspended ? "accounts.restore" : "accounts.suspend");
  return button(label, async () => {
    if (suspended || await sure(text("accounts.sure_suspend", { name }), text("accounts.suspend"))) rule(handle, { suspended: !suspended });
  }, { ariaLabel: `${label}: ${name}`, dataset: { verb: "suspend" } });
}

/** @param {ProfileView} account */
function deletion({ handle, name }) {
  const label = text("accounts.delete");
  return button(label, async () => {
    if (await sure(text("accounts.sure_delete", { name }), text("accounts.delete"))) save(() => ask("DELETE", `/accounts/${handle}`));
  }, { ariaLabel: `${label}: ${name}`, dataset: { verb: "delete" } });
}

/** @param {ProfileView} account */
function row(account) {
  const { handle, name, created_ms: made, role, suspended } = account;
  const said = [`@${handle}`, text("account.made", { when: when(made) })];
  if (suspended) said.push(text("accounts.suspended"));
  if (handle === own) said.push(text(`site.${role}`));
  return element("li", { dataset: { handle } },
    element("span", {}, element("strong", {}, name), " ", element("span", { className: "quiet" }, said.join(" · "))),
    ...(handle === own ? [] : [roles(account), suspension(account), deletion(account)]));
}

function draw() {
  const wanted = $("search").value.trim().toLocaleLowerCase();
  const found = accounts.filter(({ handle, name }) => `${name}\n@${handle}`.toLocaleLowerCase().includes(wanted));
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  const { verb } = focused.dataset;
  const { handle } = /** @type {HTMLElement} */ (focused.closest("[data-handle]"))?.dataset ?? {};
  $("accounts").replaceChildren(...found.slice(0, MOST_SHOWN).map(row));
  $("found").textContent = text("accounts.found", { shown: Math.min(found.length, MOST_SHOWN), count: found.length });
  if (handle) $("accounts").querySelector(`[data-handle="${handle}"] ${verb ? `[data-verb="${verb}"]` : "select"}`)?.focus();
}

/**
 * Who it was: a handle, or the number of somebody whose account is deleted.
 * @param {string} handle
 */
function person(handle) {
  const [deleted, number] = handle.split(":");
  return number ? text("record.number", { number }) : `@${deleted}`;
}

/**
 * Accounts that were deleted lately, and what still waits.
 * @param {{ deletions: DeletionView[] }} view
 */
function drawDeletions({ deletions }) {
  /** @param {DeletionView} deletion */
  const row = ({ number, asked_ms: at, done, steps }) => element("li", {},
    element("span", {}, text("deletion.row", { number }), " ", element("span", { className: "quiet" }, when(at))),
    element("span", { className: "quiet" }, done ? text("deletion.done") : steps.map((each) =>
      `${text(`deletion.${each.kind}`)}: ${text("deletion.waits", each)}`).join(" · ")));
  $("deletions").replaceChildren(...deletions.map(row));
  if (!deletions.length) $("deletions").append(element("li", { className: "quiet" }, text("deletion.none")));
}

/**
 * One entry of the record as a sentence.
 * @param {RecordEntry} entry
 */
function entry({ at_ms: at, by, handle, deed, detail }) {
  const role = text(`site.${detail}`); // else it is a file, a group, or the name of a token
  const values = { by: by ? person(by) : text("record.token"), handle: person(handle), detail: role === `site.${detail}` ? detail : role };
  const own = by && by === handle;
  return element("li", {},
    element("span", {}, text(own && OWN.has(deed) ? `record.own-${deed}` : `record.${deed}`, values)),
    element("span", { className: "quiet" }, when(at)));
}

/** Shows the newest of the record, or what is older than the last line. */
async function read(before = 0) {
  const { entries } = await ask("GET", `/site/record${before ? `?before=${before}` : ""}`);
  if (!before) $("record").replaceChildren();
  $("record").append(...entries.map(entry));
  oldest = entries.at(-1)?.id ?? 0;
  $("older").hidden = entries.length < RECORD_PAGE;
}

async function load() {
  const [found, deleted] = await Promise.all([ask("GET", "/accounts"), ask("GET", "/site/deletions"), read()]);
  ({ accounts } = found);
  drawDeletions(deleted);
  draw();
}

$("search").addEventListener("input", draw);
$("older").addEventListener("click", () => attempt(() => read(oldest)));
attempt(load);
