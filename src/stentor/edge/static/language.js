// The page's texts, in the reader's own language when the server has it.

import { filled, locale } from "./shared/texts.js";

const root = document.documentElement;

/** @type {Record<string, string>} */
let texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** @type {Say} */
export function say(key, values = {}) {
  return filled(texts[key] ?? "", values);
}

/**
 * The sentences of a text of which every value is known: "It began an hour ago." while nobody knows yet with whom.
 * @type {Say}
 */
export function known(key, values = {}) {
  const sentences = (texts[key] ?? "").split(/(?<=\.) /);
  const whole = sentences.filter((sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].every(([, name]) => name in values));
  return filled(whole.join(" "), values);
}

/** How dates and numbers are written in the page as it stands now. */
export const language = locale;

/** Another language is chosen on the page: it plays on. */
export function follow() {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("[data-language]"))) {
    link.onclick = (event) => {
      event.preventDefault();
      history.replaceState(null, "", link.search + location.hash);
      choose();
    };
  }
}

/** The page in the reader's language; without a line it stays in the one it came in. */
export async function choose() {
  /** @type {Record<string, string>} */
  const offered = JSON.parse(root.dataset.texts ?? "{}"); // addresses by language
  const asked = new URLSearchParams(location.search).get("lang") ?? "";
  const liked = [asked, root.dataset.chosen ?? "", ...navigator.languages.map((tag) => tag.split("-")[0])].find((tag) => tag in offered);
  if (!liked || liked === root.lang) return;
  try {
    const reply = await fetch(offered[liked], { signal: AbortSignal.timeout(8000) });
    if (!reply.ok) return;
    texts = { ...await reply.json(), app: say("app") }; // that is the site's, whatever its language
  } catch {
    return;
  }
  root.lang = liked;
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) node.textContent = say(node.dataset.text ?? "");
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-label]"))) node.ariaLabel = say(node.dataset.label ?? "");
}
