// The choice of the language that is spoken in a space. It is asked for: nothing is chosen until somebody does.

import { element, text } from "./page.js";

export const UNSAID = "und"; // nobody has said (RFC 5646)
const USUAL = [
  "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt",
  "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh",
];

/**
 * The usual languages and the reader's own by their names, and the one that is set; with none, a line that asks.
 * @param {HTMLSelectElement} select
 * @param {string} chosen
 */
export function languages(select, chosen) {
  const { lang } = document.documentElement;
  const names = new Intl.DisplayNames(lang, { type: "language", fallback: "code" });
  const own = navigator.languages.map((tag) => tag.split("-")[0]);
  const said = [...new Set([...USUAL, ...own, ...(chosen === UNSAID ? [] : [chosen])])]
    .map((tag) => ({ tag, name: names.of(tag) ?? tag }))
    .sort((one, other) => one.name.localeCompare(other.name, lang));
  const rows = chosen === UNSAID ? [{ tag: "", name: text("language.choose") }, ...said] : said;
  const drawn = rows.map(({ tag }) => tag).join();
  if (select.dataset.drawn !== drawn) select.replaceChildren(...rows.map(({ tag, name }) => element("option", { value: tag }, name)));
  select.dataset.drawn = drawn;
  select.value = chosen === UNSAID ? "" : chosen;
}
