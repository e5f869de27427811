// The series that somebody leads: a new one, what changes from a date on, and single dates.

import { languages, ours } from "./languages.js";
import { $, ask, button, element, sure, text, when } from "./page.js";
import { attempt } from "./sign.js";
import { locale } from "./shared/texts.js";

/** @type {{ language: string, creates: boolean }} */
const me = JSON.parse($("page").textContent);
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** @type {Record<string, any> | null} */
let open = null; // the show that is looked at

/** @param {string} sentence */
const say = (sentence) => { $("said").textContent = sentence; };

/**
 * A date without a time, as the reader writes it.
 * @param {string} date
 */
const day = (date) => new Intl.DateTimeFormat(locale(), { dateStyle: "full", timeZone: "UTC" }).format(new Date(`${date}T12:00Z`));

/**
 * What stands in the form, as a rule of the API.
 * @param {any} form
 */
function rule({ starts, zone, repeats, until }) {
  const first = starts.value.slice(0, 16);
  const week = Math.ceil(Number(first.slice(8, 10)) / 7);
  const kinds = {
    weekly: {}, fortnightly: { every: 2 }, monthly: { repeats: "monthly" },
    nth: { repeats: "monthly", week: Math.min(week, 4) }, last: { repeats: "monthly", week: -1 },
  };
  return { starts: first, zone: zone.value, until: until.value, .../** @type {Record<string, object>} */ (kinds)[repeats.value] };
}

/**
 * The word of the form for a rule; empty for one that the form cannot say.
 * @param {{ repeats: string, every: number, week: number, weekdays: number[] }} rule
 */
function kind({ repeats, every, week, weekdays }) {
  if (weekdays.length > 1) return "";
  if (repeats === "weekly") return every === 1 ? "weekly" : every === 2 ? "fortnightly" : "";
  if (every !== 1) return "";
  return week === 0 ? "monthly" : week === -1 ? "last" : "nth";
}

/** @param {{ id: string, title: string, page: string, next_ms: number | null, ended_ms: number | null }} show */
function row(show) {
  const said = show.ended_ms ? text("shows.ended") : show.next_ms ? text("shows.next", { when: when(show.next_ms) }) : text("shows.none_left");
  return element("li", { dataset: { id: show.id } },
    element("div", { className: "titles" }, element("h2", {}, show.title)),
    element("p", { className: "quiet" }, said),
    element("div", { className: "buttons" },
      element("a", { href: show.page, className: "button" }, text("shows.page")),
      button(text("shows.look"), () => attempt(() => look(show.id, true)))));
}

async function refresh() {
  const { shows } = await ask("GET", "/shows");
  $("shows").replaceChildren(...(shows.length ? shows.map(row) : [element("li", {}, text("shows.none"))]));
}

/** @param {Record<string, any>} date */
function dated(date) {
  const said = date.state === "cancelled" ? text("shows.off") : date.moved ? text("shows.moved", { when: when(date.scheduled_ms) }) : "";
  const list = element("div", { className: "buttons" }, element("a", { href: `/stage/${date.space}`, className: "button small" }, text("shows.open")));
  if (date.state === "scheduled" && open?.may.includes("change")) list.append(button(text("shows.skip"), () => skip(date), { className: "small" }));
  return element("li", {}, element("span", {}, [day(date.date), said].filter(Boolean).join(" · ")), list);
}

/**
 * Shows one, and goes to it where somebody has asked for it.
 * @param {string} id
 */
async function look(id, go = false) {
  draw(await ask("GET", `/shows/${encodeURIComponent(id)}`));
  if (!go) return;
  $("one").scrollIntoView({ block: "start" });
  $("one-title").focus();
}

/** @param {Record<string, any>} show */
function draw(show) {
  open = show;
  $("one").hidden = false;
  $("one-title").textContent = show.title;
  $("dates").replaceChildren(...show.dates.map(dated));
  const form = $("change").elements;
  const dates = show.dates.filter((/** @type {any} */ { state }) => state === "scheduled").map((/** @type {any} */ { date }) => date);
  form.since.replaceChildren(...dates.map((/** @type {string} */ date) => element("option", { value: date }, day(date))));
  form.title.value = show.title;
  form.description.value = show.description;
  form.starts.value = show.rule.starts;
  form.zone.value = show.rule.zone;
  form.repeats.value = kind(show.rule);
  form.until.value = show.rule.until;
  $("changing").hidden = !show.may.includes("change") || !dates.length;
  $("end").hidden = !show.may.includes("end");
}

/** @param {Record<string, any>} date */
async function skip(date) {
  if (!open || !await sure(text("shows.sure_skip", { date: day(date.date) }), text("shows.skip"))) return;
  const { id, skips } = open;
  await attempt(async () => {
    draw(await ask("PATCH", `/shows/${id}`, { body: { skips: [...skips, date.date] } }));
    say(text("shows.saved"));
  });
}

/** @param {FormEvent} event */
function create(event) {
  event.preventDefault();
  const form = event.target.elements;
  attempt(async () => {
    const settings = { asking: form.asking.value, recording: form.recording.checked };
    const made = await ask("POST", "/shows", { body: { title: form.title.value, language: form.language.value, rule: rule(form), settings } });
    event.target.reset();
    begin();
    say(text("shows.made"));
    await refresh();
    draw(made);
  });
}

$("change").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  const form = event.target.elements;
  attempt(async () => {
    if (!open) return;
    const body = { since: form.since.value, title: form.title.value, description: form.description.value };
    const said = form.repeats.value ? { ...body, rule: rule(form) } : body; // a rule that the form cannot say stays
    draw(await ask("PATCH", `/shows/${open.id}`, { body: said }));
    say(text("shows.saved"));
    await refresh();
  });
});

$("end").addEventListener("click", async () => {
  if (!open || !await sure(text("shows.sure_end", { title: open.title }), text("shows.end"))) return;
  const { id } = open;
  await attempt(async () => {
    draw(await ask("DELETE", `/shows/${id}`));
    await look(id);
    await refresh();
  });
});

/** The form for a new one as it is at first. */
function begin() {
  const form = $("new").elements;
  form.zone.value = here;
  languages(form.language, me.language || ours());
}

$("zones").replaceChildren(...(Intl.supportedValuesOf?.("timeZone") ?? []).map((zone) => element("option", { value: zone })));
if (me.creates) {
  $("new").addEventListener("submit", create);
  begin();
}
attempt(refresh);
