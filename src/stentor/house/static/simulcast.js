// Where a space is sent besides: added, started, stopped; and how each destination stands.

import { $, ask as call, button, element, sure, text } from "./page.js";
import { sent } from "./sent.js";
import { attempt } from "./sign.js";

const LOOK_MS = 2000;

/** @type {{ id: string }} */
const { id } = JSON.parse($("page").textContent);
const LIST = `/spaces/${id}/destinations`;
const token = sessionStorage.getItem(`stentor-invitation-${id}`) ?? ""; // what the page of the stage keeps in this tab
/**
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown }} [more]
 */
const ask = (method, path, more = {}) => call(method, path, { token, ...more });

/** @typedef {{ number: number, name: string, kind: string, server: string, on: boolean, state: string, trouble: string, words: string, since_ms: number | null, dropped: number }} Destination */
/** @typedef {{ of: string, row: HTMLElement, lights: HTMLElement }} Row */

/**
 * A row stays while only its light changes: whoever is at one of its buttons stays there.
 * @param {Destination} one
 * @param {Row | undefined} known
 * @returns {Row}
 */
function kept(one, known) {
  const of = JSON.stringify([one.name, one.server, one.on]);
  const lights = known?.of === of ? known.lights : element("ul", { className: "lights" });
  lights.replaceChildren(sent(one, one.words));
  return known?.of === of ? known : { of, lights, row: row(one, lights) };
}

/**
 * @param {Destination} one
 * @param {HTMLElement} lights
 */
function row(one, lights) {
  const path = `/destinations/${one.number}`;
  const turn = button(text(one.on ? "simulcast.stop" : "simulcast.start"), () => attempt(async () => {
    await ask("PATCH", path, { body: { on: !one.on } });
    await draw();
  }), { className: "small" });
  const removed = button(text("simulcast.delete"), async () => {
    if (await sure(text("simulcast.sure", { name: one.name }), text("simulcast.delete"))) attempt(async () => {
      await ask("DELETE", path);
      await draw();
    });
  }, { className: "small danger" });
  const name = element("span", {}, element("strong", {}, one.name), " ", element("code", {}, one.server), lights);
  return element("li", {}, name, element("span", { className: "buttons" }, turn, removed));
}

/** @type {Map<number, Row>} */
let rows = new Map();
let shown = "";
async function draw() {
  const { destinations } = await ask("GET", LIST);
  $("parts").hidden = false; // whoever may not see them has nothing to fill in either
  const now = JSON.stringify(destinations);
  if (now === shown) return;
  shown = now;
  const before = rows;
  rows = new Map(destinations.map((/** @type {Destination} */ one) => [one.number, kept(one, before.get(one.number))]));
  const [list, made] = [$("destinations"), [...rows.values()].map((each) => each.row)];
  if (made.length && made.length === list.children.length && made.every((each, at) => each === list.children[at])) return;
  const buttons = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button")]);
  const at = buttons().findIndex((each) => each === document.activeElement);
  list.replaceChildren(...(made.length ? made : [element("li", { className: "quiet" }, text("simulcast.none"))]));
  buttons()[at]?.focus();
}

/** What each kind of server is asked for: the beginning of its address, and whether it needs a key.
 * @type {Record<string, [string, boolean]>} */
const KINDS = { rtmp: ["rtmps", true], srt: ["srt", false], whip: ["https", false], icecast: ["icecast", true] };

/** @type {PageForm} */
const form = $("add");
function shape() {
  const kind = form.kind.value;
  const [scheme, keyed] = KINDS[kind];
  form.server.placeholder = `${scheme}://`;
  form.key.required = keyed;
  $("server-hint").textContent = text(`simulcast.server_${kind}`);
  form.key.labels[0].textContent = text(`simulcast.key_${kind}`);
  $("key-hint").textContent = text(`simulcast.key_hint_${kind}`);
  $("encryption").hidden = form.passphrase.disabled = kind !== "srt";
  $("where").hidden = kind !== "rtmp";
}
form.kind.addEventListener("change", shape);
form.addEventListener("reset", () => queueMicrotask(shape)); // the fields are empty only afterwards
shape(); // browsers keep what was chosen when a page is loaded again

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("POST", LIST, { body: Object.fromEntries(new FormData(form)) });
    form.reset();
    $("notice").textContent = text("simulcast.saved");
    await draw();
  });
});
attempt(draw);
setInterval(() => { if (!document.hidden) draw().catch(() => undefined); }, LOOK_MS);
