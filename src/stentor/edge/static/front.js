// Pages for everybody: times in the reader's own zone and locale, the language, who is signed in, sharing.

import { register } from "./shared/installed.js";
import { remembered } from "./shared/remembered.js";
import { share as hand } from "./shared/share.js";
import { filled, locale } from "./shared/texts.js";

const root = document.documentElement;
const OLD_MS = 60_000;
const DAY_MS = 86_400_000;

/** The page in the reader's language, unless its address says which one it is to be. */
function choose() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("[data-language]"));
  if (new URLSearchParams(location.search).has("lang")) return;
  const offered = new Map([...links].map((link) => [link.dataset.language ?? "", link]));
  const liked = [root.dataset.chosen ?? "", ...navigator.languages.map((tag) => tag.split("-")[0])]
    .find((language) => language === root.lang || offered.has(language));
  const other = offered.get(liked ?? "");
  if (other) location.replace(other.href);
}

/**
 * "Today, 20:00", "Thu, 20:00" within a week, else the date; the year when it is not this one.
 * @param {Date} at @param {string} form @param {Date} now
 */
function said(at, form, now) {
  const days = Math.round((midnight(at) - midnight(now)) / DAY_MS);
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  if (form === "day") return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", year }).format(at);
  const { hour12 } = new Intl.DateTimeFormat(locale(), { hour: "numeric" }).resolvedOptions();
  const clock = /** @type {const} */ ({ hour: hour12 ? "numeric" : "2-digit", minute: "2-digit" });
  const time = new Intl.DateTimeFormat(locale(), clock).format(at);
  if (Math.abs(days) <= 1) {
    const word = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(days, "day");
    return `${word.charAt(0).toLocaleUpperCase(locale())}${word.slice(1)}, ${time}`;
  }
  if (days > 1 && days < 7) return new Intl.DateTimeFormat(locale(), { weekday: "long", ...clock }).format(at);
  return new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short", year, ...clock }).format(at);
}

/** @param {Date} at */
const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);

/** @param {HTMLElement} button */
function share({ dataset: { share: path, title = "" } }) {
  const { copied = "", byHand = "" } = /** @type {HTMLElement} */ (document.querySelector("[data-copied]")).dataset;
  hand({ title, url: new URL(path ?? "", location.href).href }, (key, values = {}) => filled(key === "shared" ? copied : byHand, values));
}

choose();
register();
const now = new Date();
for (const node of document.querySelectorAll("time")) node.textContent = said(new Date(node.dateTime), node.dataset.form ?? "when", now);
for (const node of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-language-name]"))) {
  node.textContent = new Intl.DisplayNames(root.lang, { type: "language" }).of(node.dataset.languageName ?? "") ?? "";
}
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-share]"))) {
  button.hidden = false;
  button.addEventListener("click", () => share(button));
}
if (remembered()) {
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-known]"))) link.hidden = false;
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-unknown]"))) link.hidden = true;
}
document.addEventListener("visibilitychange", () => { // whoever comes back wants to know what is on now
  if (!document.hidden && Date.now() - now.getTime() > OLD_MS) location.reload();
});
