// The choice of the language that is spoken in a space. A form for a new one proposes the site's, or else the reader's own.

import { element, text } from "./page.js";

const UNSAID = "und"; // nobody has said (RFC 5646)
const USUAL = [
  "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt",
  "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh",
];

/** @param {string} tag */
const plain = (tag) => tag.split("-")[0];

/** The reader's own language. */
export const ours = () => plain(navigator.language);

/**
 * The usual languages and the reader's own by their names, and the one that is set; with none, a line that asks.
 * @param {HTMLSelectElement} select
 * @param {string} chosen
 */
export function languages(select, chosen) {
  const { lang } = document.documentElement;
  const names = new Intl.DisplayNames(lang, { type: "language", fallback: "code" });
  const own = navigator.languages.map(plain);
  const said = [...new Set([...USUAL, ...own, ...(chosen === UNSAID ? [] : [chosen])])]
    .map((tag) => ({ tag, name: names.of(tag) ?? tag }))
    .sort((one, other) => one.name.localeCompare(other.name, lang));
  const rows = chosen === UNSAID ? [{ tag: "", name: text("language.choose") }, ...said] : said;
  const drawn = rows.map(({ tag }) => tag).join();
  if (select.dataset.drawn !== drawn) select.replaceChildren(...rows.map(({ tag, name }) => element("option", { value: tag }, name)));
  select.dataset.drawn = drawn;
  select.value = chosen === UNSAID ? "" : chosen;
}
