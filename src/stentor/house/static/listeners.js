// Who may listen to a space: the choice, the list of who is invited, tickets, and who is shut out.

import { firstColumn } from "./guest-list.js";
import { $, ask, button, element, text, when } from "./page.js";
import { attempt, values } from "./sign.js";
import { Visibility } from "./visibility.js";

const AT_ONCE = 200; // tickets that the house makes at one call
const PRIVATE = new Set(["members", "invited", "password", "tickets"]);
/** @type {{ id: string }} */
const { id } = JSON.parse($("page").textContent);
const token = sessionStorage.getItem(`stentor-invitation-${id}`) ?? ""; // what the page of the stage keeps in this tab
const path = `/spaces/${id}`;
const visibility = new Visibility();
let made = ""; // the tickets of this visit, as CSV

/**
 * @param {string} method
 * @param {string} noun
 * @param {unknown} [body]
 */
const tell = (method, noun, body) => ask(method, `${path}${noun}`, { token, body });

/** @param {string[]} cells */
const line = (cells) => cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",") + "\r\n";

/**
 * Makes a link give a file.
 * @param {string} link
 * @param {string} content
 */
function offer(link, content) {
  URL.revokeObjectURL($(link).href);
  $(link).href = URL.createObjectURL(new Blob(["\uFEFF", content], { type: "text/csv" }));
}

/**
 * @param {string} list
 * @param {{ handle: string, name: string }[]} people
 * @param {string} deed
 * @param {string} noun
 */
function draw(list, people, deed, noun) {
  const rows = people.map(({ handle, name }) => element("li", {},
    element("span", {}, name, element("span", { className: "quiet" }, ` @${handle}`)),
    button(text(deed), () => does(() => tell("DELETE", `/${noun}/${handle}`)), { className: "small", ariaLabel: `${text(deed)}: ${name}` })));
  $(list).replaceChildren(...(rows.length ? rows : [element("li", { className: "quiet" }, text("listeners.nobody"))]));
}

/** @param {{ tickets: { number: number, name: string, used_ms: number | null }[] }} found */
function drawTickets({ tickets }) {
  /** @param {number | null} used */
  const state = (used) => (used ? text("tickets.used", { when: when(used) }) : text("tickets.unused"));
  $("tickets-count").textContent = text("tickets.count", { count: tickets.length, used: tickets.filter((each) => each.used_ms).length });
  $("tickets").replaceChildren(...tickets.map(({ number, name, used_ms: used }) => element("li", {},
    element("span", {}, `${number} · ${name}`, element("span", { className: "quiet" }, ` · ${state(used)}`)),
    button(text("tickets.withdraw"), () => does(() => tell("DELETE", `/tickets/${number}`)), { className: "small danger", ariaLabel: `${text("tickets.withdraw")}: ${number} ${name}` }))));
  $("states-file").hidden = !tickets.length;
  const rows = tickets.map(({ number, name, used_ms: used }) => line([String(number), name, used ? new Date(used).toISOString() : ""]));
  offer("states-file", line(["number", "name", "used"]) + rows.join(""));
}

/** Shows what the house says now. */
async function look() {
  const view = await tell("GET", "");
  const hidden = PRIVATE.has(view.visibility);
  visibility.show(view.visibility);
  $("link").value = view.audience.page;
  $("invited-part").hidden = view.visibility !== "invited";
  $("tickets-part").hidden = view.visibility !== "tickets";
  $("out-part").hidden = !hidden;
  const found = await tell("GET", "/listeners");
  draw("invited", found.invited, "listeners.uninvite", "listeners");
  draw("out", found.shut_out, "listeners.let_in", "shut-out");
  if (view.visibility === "tickets") drawTickets(await tell("GET", "/tickets"));
  $("parts").hidden = false;
}

/**
 * Does something, and shows what came of it.
 * @param {() => Promise<unknown>} deed
 * @param {string} [said]
 */
const does = (deed, said = "") => attempt(async () => {
  $("notice").textContent = "";
  await deed();
  await look();
  $("notice").textContent = said;
});

/**
 * @param {string} id
 * @param {(form: HTMLFormElement) => Promise<unknown>} deed
 * @param {string} [said]
 */
const sends = (id, deed, said) => $(id).addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  const form = /** @type {any} */ (event.target);
  does(() => deed(form), said);
});

sends("choice", () => tell("PUT", "/visibility", { visibility: visibility.chosen, password: visibility.password }), text("edit.saved"));
sends("invite-form", async (form) => {
  for (const handle of /** @type {any} */ (values(form)).handles.split(/[\s,;]+/).filter(Boolean)) {
    await tell("PUT", `/listeners/${encodeURIComponent(handle.replace(/^@/, ""))}`);
  }
  form.reset();
});
sends("out-form", async (form) => {
  await tell("PUT", `/shut-out/${encodeURIComponent(/** @type {any} */ (values(form)).handle.replace(/^@/, ""))}`);
  form.reset();
});
sends("tickets-form", async (form) => {
  const file = form.file.files[0];
  const names = firstColumn(file ? await file.text() : form.names.value);
  if (!names.length) throw new Error(text("tickets.none"));
  let count = 0;
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const { tickets } = await tell("POST", "/tickets", { names: names.slice(at, at + AT_ONCE) });
    made += tickets.map((/** @type {any} */ each) => line([String(each.number), each.name, each.code, each.link])).join("");
    count += tickets.length;
    offer("made-file", line(["number", "name", "code", "link"]) + made); // also when the next call fails
    $("made").hidden = false;
    $("made-count").textContent = text("tickets.made", { count });
  }
  form.reset();
});
attempt(look);
