// The list of spaces. As an admin, and at /admin with the admin token (kept in this tab only), it has the hosts' buttons.

import { Choice } from "./announcing.js";
import { invite } from "./invite.js";
import { languages, ours } from "./languages.js";
import { $, about, ask, button, element, lights, link, pause, sure, text, when } from "./page.js";
import { clock } from "./shared/clock.js";
import { icon } from "./shared/icon.js";
import { hue } from "./shared/portrait.js";
import { locale } from "./shared/texts.js";
import { offerTemplates } from "./templates.js";
import { verdict } from "./verdict.js";
import { Visibility } from "./visibility.js";

const KEY = "stentor-admin-token";
const SILENT = new Set(["unplanned", "scheduled", "no_show", "ended", "unfinished", "removed", "unrecorded"]); // nobody is to be heard
const TALKING = new Set(["live", "interrupted"]);
const list = $("spaces");
const notice = $("notice");
const created = $("created");
const visibility = new Visibility();
const announcing = new Choice();
/** @type {SpacesPage} */
const me = JSON.parse($("page").textContent); // who is signed in, and what they may
let token = (me.unlocks && sessionStorage.getItem(KEY)) || "";
const leads = () => Boolean(token) || me.admin;
let shown = "";
const DAY_MS = 24 * 3600e3; // nobody opens a space so long before its time on purpose
const VERDICT_MS = 10e3; // the house makes it no more often
/** @type {Map<string, string>} */
const verdicts = new Map(); // of spaces that are on, by id
let verdictsMs = 0;

/** @param {string} sentence */
const say = (sentence) => { notice.textContent = sentence; };

/** @param {SpaceRow} space */
function times(space) {
  if (space.state === "scheduled") return space.scheduled_ms ? text("spaces.starts", { when: when(space.scheduled_ms) }) : "";
  if (space.state === "doors_open") return text("spaces.open_since", { when: when(space.doors_open_ms ?? 0) });
  if (space.ended_ms) return recorded(space) || text("spaces.ended_at", { when: when(space.ended_ms) });
  return space.live_ms ? text("spaces.live_since", { when: when(space.live_ms) }) : "";
}

/**
 * Of a recording: its date, whose it is, how long it is, and who else was there.
 * @param {SpaceRow} space
 */
function recorded({ live_ms: live, ended_ms: ended, host, length_ms: length, people }) {
  if (length === null) return "";
  const { lang } = document.documentElement;
  const date = new Intl.DateTimeFormat(lang, { dateStyle: "medium" }).format(live ?? ended ?? 0);
  const names = people.length ? text("spaces.people", { names: new Intl.ListFormat(lang).format(people) }) : "";
  return [date, host, clock(Math.round(length / 1000)), names].filter(Boolean).join(" · ");
}

/** @param {SpaceRow} space */
function commands(space) {
  /**
   * @param {string} verb
   * @param {string} key
   * @param {Record<string, string>} [properties]
   */
  const act = (verb, key, properties) =>
    button(text(key), (pressed) => send(space, verb, pressed), { ...properties, dataset: { verb, space: space.id } });
  switch (space.state) {
    case "scheduled": return [act("doors", "do.doors"), act("live", "do.live"), asks(space), act("cancel", "do.cancel")];
    case "doors_open": return [act("live", "do.live", { className: "primary" }), ...(space.listeners ? [] : [act("close_doors", "doors.close")]), asks(space), act("end", "do.end")];
    case "live": case "interrupted": return [asks(space), act("end", "do.end", { className: "danger" })];
    default: return [];
  }
}

/** @param {SpaceRow} space */
const asks = (space) => button(text("do.invite"), () => invite(space, token), { dataset: { verb: "invite", space: space.id } });

/** @param {SpaceRow} space */
function row(space) {
  const counted = ["doors_open", "live", "interrupted"].includes(space.state)
    ? text("spaces.listeners", { count: space.listeners.toLocaleString(locale()) }) : "";
  const prominent = counted && !leads(); // who leads has another button to press first
  const listen = space.state === "cancelled" ? null
    : element("a", { href: space.listen, className: prominent ? "button primary" : "button" }, text(SILENT.has(space.phase) ? "spaces.open" : space.phase === "replay" ? "spaces.replay" : "spaces.listen"));
  return element("li", { dataset: { id: space.id } },
    element("div", { className: "titles" },
      element("span", { className: "cover", ariaHidden: "true", dataset: { hue: hue(space.id) } }, icon("wave")),
      element("h2", {}, space.title),
      element("span", { className: "state", dataset: { state: space.state } }, text(`phase.${space.phase}.chip`))),
    element("p", { className: "quiet" }, [times(space), counted].filter(Boolean).join(" · ")),
    leads() && burns(space.lights) ? element("ul", { className: "lights" }, ...lights(space.lights)) : null,
    verdicts.has(space.id) ? element("p", {}, verdicts.get(space.id) ?? "") : null,
    element("div", { className: "buttons" }, stage(space), listen, ...(leads() ? commands(space) : [])));
}

/** Before the doors open, and afterwards, there is nothing to look at. @param {Lights | null} all */
const burns = (all) => Object.values(all ?? {}).some(({ color }) => color !== "off");

/** @param {SpaceRow} space */
const stage = (space) => space.stage ? element("a", { href: `/stage/${space.id}`, className: leads() && TALKING.has(space.state) ? "button primary" : "button" }, text("spaces.stage")) : null;

/**
 * What fills the spaces that are on, for who leads.
 * @param {SpaceRow[]} spaces
 */
async function judge(spaces) {
  if (!leads()) return verdicts.clear();
  if (Date.now() - verdictsMs < VERDICT_MS) return;
  verdictsMs = Date.now();
  const on = spaces.filter(({ state }) => ["doors_open", "live", "interrupted"].includes(state));
  const said = await Promise.all(on.map(({ id }) => verdict(id, token).catch(() => "")));
  verdicts.clear();
  on.forEach(({ id }, at) => { if (said[at]) verdicts.set(id, said[at]); });
}

async function refresh() {
  const { spaces } = await ask("GET", "/spaces", { token });
  await judge(spaces);
  const now = JSON.stringify([token !== "", spaces, [...verdicts]]);
  if (now === shown) return;
  shown = now;
  const focus = /** @type {HTMLElement} */ (document.activeElement)?.dataset ?? {};
  list.replaceChildren(...(spaces.length ? spaces.map(row) : [element("li", {}, text("spaces.none"))]));
  $("go-now").classList.toggle("primary", !list.querySelector(".primary")); // one filled button
  if (focus.verb) list.querySelector(`[data-verb="${focus.verb}"][data-space="${focus.space}"]`)?.focus();
}

/**
 * @param {SpaceRow} space
 * @param {string} verb
 * @param {HTMLButtonElement} pressed
 */
async function send(space, verb, pressed) {
  const planned = space.scheduled_ms ?? 0;
  const early = ["doors", "live"].includes(verb) && planned - Date.now() > DAY_MS;
  const question = text(`do.sure_${early ? "early" : verb}`, { title: space.title, time: when(planned) });
  if ((early || ["end", "cancel"].includes(verb)) && !await sure(question, text(verb === "end" ? "do.end_yes" : `do.${verb}`), !early)) return;
  pressed.disabled = true;
  await attempt(async () => {
    if (verb === "close_doors") await ask("DELETE", `/spaces/${space.id}/doors`, { token });
    else await ask("POST", `/spaces/${space.id}/${verb}`, { token });
    say(text("do.done"));
    await refresh();
  });
  pressed.disabled = false;
}

/**
 * Runs `action`, and says in a sentence what did not work.
 * @param {() => unknown} action
 */
async function attempt(action) {
  try {
    await action();
  } catch (error) {
    if (error.status === 401 && token) lock(text("admin.wrong"));
    else say(text("error.unknown", { detail: error.message }));
    notice.scrollIntoView({ block: "center" }); // the form is below a list that may be long
  }
}

$("create-form").addEventListener("submit", async (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  const form = event.target.elements;
  await attempt(async () => {
    const begins = form.when.value ? new Date(form.when.value).getTime() : null;
    const made = await ask("POST", "/spaces", {
      token,
      body: { title: form.title.value, host_name: form.host.value || undefined, scheduled_ms: begins, language: form.language.value, visibility: visibility.chosen, password: visibility.password, announcing: announced() ? announcing.value : undefined },
    });
    const own = !token && !form.host.value;
    created.replaceChildren(element("p", {}, text(own ? "create.done_own" : "create.done")), link(made.invitation.link, text(own ? "create.done_own" : "create.done")));
    created.hidden = false;
    event.target.reset();
    languages(form.language, me.language || ours());
    visibility.show("public");
    announce();
    await refresh();
  });
});

/** Posts announce what is for everybody, in the name of a host with an account. */
const announced = () => me.creates && !token && !$("create-form").elements.host.value && visibility.chosen === "public";

const announce = () => { $("announcing").hidden = !announced(); };
$("create-form").addEventListener("input", announce);

/** Makes a space in one's own name, and goes to its stage. */
async function now() {
  const title = text("create.now_title", { name: me.name });
  const { space } = await ask("POST", "/spaces", { body: { title, language: me.language || ours() } });
  location.assign(`/stage/${space.id}`);
}

function show() {
  $("now").hidden = !me.creates || Boolean(token);
  $("create-do").className = $("now").hidden ? "primary" : ""; // one filled button
  $("create").hidden = !token && !me.creates;
  $("create-form").elements.host.required = !me.creates || Boolean(token);
  $("host-hint").hidden = !me.creates || Boolean(token);
  announce();
  if (!me.unlocks) return;
  list.hidden = !leads(); // who has no key yet looks for the lock
  $("admin").hidden = me.admin;
  $("admin-form").hidden = Boolean(token);
  $("admin-hint").hidden = Boolean(token);
  $("admin-forget").hidden = !token;
}

/** How much room recordings take: all of them for whoever leads, else those of the spaces that one made. */
async function storage() {
  $("storage").hidden = true;
  if (!leads() && !me.creates) return;
  const { site, own } = await ask("GET", "/storage", { token });
  const [whose, room] = site ? ["site", site] : ["own", own];
  if (!room) return;
  const size = new Intl.NumberFormat(locale(), { style: "unit", unit: "gigabyte", maximumFractionDigits: 1 });
  const values = { used: size.format(room.used_bytes / 1e9), most: size.format((room.most_bytes ?? 0) / 1e9) };
  $("storage").textContent = text(room.most_bytes ? `storage.${whose}_most` : `storage.${whose}`, values);
  $("storage").hidden = false;
}

/** @param {string} sentence */
function lock(sentence) {
  token = "";
  sessionStorage.removeItem(KEY);
  created.hidden = true;
  created.replaceChildren();
  show();
  say(sentence);
}

/** @param {FormEvent} event */
async function unlock(event) {
  event.preventDefault();
  token = event.target.elements.token.value.trim();
  await attempt(async () => {
    await ask("GET", "/admin", { token });
    sessionStorage.setItem(KEY, token);
    event.target.reset();
    say(text("admin.unlocked"));
    show();
    await refresh();
    await storage();
  });
  if (!sessionStorage.getItem(KEY)) token = "";
}

if (me.unlocks) {
  $("admin-form").addEventListener("submit", unlock);
  $("admin-forget").addEventListener("click", async () => {
    lock(text("admin.locked"));
    await attempt(refresh);
    await attempt(storage);
  });
}

$("go-now").addEventListener("click", () => attempt(now));
languages($("create-form").elements.language, me.language || ours());
show();
attempt(storage);
if (me.creates && !me.unlocks) offerTemplates(attempt);
for (;;) {
  try {
    await refresh();
    if (notice.textContent === text("spaces.stale")) say("");
  } catch (error) {
    if (error.status === 401 && token) lock(text("admin.wrong"));
    else say(text("spaces.stale"));
  }
  await pause(about(document.hidden ? 15000 : 2500));
}
