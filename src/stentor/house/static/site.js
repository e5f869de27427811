// Name, looks, rules and texts of the site, for administrators.

import { $, ask, sure, text, when } from "./page.js";
import { locale } from "./shared/texts.js";
import { attempt, values } from "./sign.js";

const FIELDS = ["name", "accent", "contact", "sign_up", "create_spaces", "refuse_words", "hold_words", "blocked_places", "imprint", "privacy", "rules", "captions"];
const DAYS = ["keep_recordings", "keep_comments", "keep_sounds", "keep_events"];
const NUMBERS = [...DAYS, "quota_gb", "account_gb"];
/** @type {any} what is set now */
let known = {};

/**
 * What became of the colour.
 * @param {SiteSettings} site
 */
function shades({ accent, accent_day: day, accent_night: night }) {
  if (!accent) return "";
  const changed = (day !== accent ? 1 : 0) + (night !== accent ? 2 : 0);
  return text(["site.accent_as_is", "site.accent_day", "site.accent_night", "site.accent_both"][changed] ?? "", { accent, day, night });
}

/** @param {SiteSettings} site */
function draw(site) {
  known = site;
  for (const name of [...FIELDS, ...NUMBERS]) $("site").elements[name].value = String(known[name]);
  $("accent-said").textContent = shades(site);
  $("logo").hidden = $("logo-remove").hidden = !site.logo;
  if (site.logo) $("logo").src = site.logo;
}

/**
 * Does `work`, shows what is set now, and says that it is done.
 * @param {() => Promise<SiteSettings>} work
 */
const save = (work) => attempt(async () => {
  draw(await work());
  $("notice").textContent = text("site.saved");
});

/** Of days: for ever is longest. @param {number} days */
const length = (days) => days || Infinity;

$("site").addEventListener("submit", async (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  /** @type {Record<string, any>} */
  const body = values(event.target);
  for (const name of NUMBERS) body[name] = Number(body[name]);
  body.captions = body.captions === "true";
  const shorter = DAYS.some((name) => length(body[name]) < length(known[name]));
  if (shorter && !await sure(text("site.keep_sure"), text("site.save"), true)) return;
  save(() => ask("PATCH", "/site", { body }));
});
$("logo-file").addEventListener("change", async (/** @type {EventOn<HTMLInputElement>} */ { target }) => {
  await save(() => ask("PUT", "/site/logo", { file: target.files?.[0], timeout: 60000 }));
  target.value = "";
});
$("logo-remove").addEventListener("click", () => save(() => ask("DELETE", "/site/logo")));
attempt(async () => draw(await ask("GET", "/site")));

/** Whether there is an attack file, and how many sources are in it. */
attempt(async () => {
  const { sources, last_ms: last } = await ask("GET", "/site/attack");
  const told = { sources: sources.toLocaleString(locale()), last: when(last ?? 0) };
  $("attack-said").textContent = text(sources ? "site.attack_there" : "site.attack_none", told);
  $("attack-file").hidden = !sources;
});

/** Whether anything here captions talks at all. */
attempt(async () => {
  const { processes } = await ask("GET", "/processes");
  if (!processes.some((/** @type {{ role: string }} */ { role }) => role === "captions")) $("captions-said").textContent = text("site.captions_missing");
});
