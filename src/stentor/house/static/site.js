// Name, looks, rules and texts of the site, for administrators.

import { $, ask, text, when } from "./page.js";
import { locale } from "./shared/texts.js";
import { attempt, values } from "./sign.js";

const FIELDS = ["name", "accent", "contact", "sign_up", "create_spaces", "refuse_words", "hold_words", "blocked_places", "imprint", "privacy", "rules"];

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
  for (const name of FIELDS) $("site").elements[name].value = /** @type {any} */ (site)[name];
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

$("site").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  save(() => ask("PATCH", "/site", { body: values(event.target) }));
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
