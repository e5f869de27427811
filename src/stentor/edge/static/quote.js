// A button beside the line of the transcript that is pointed at: its sentence as a quote, signed by the site.

import { element } from "./shared/element.js";

const PATIENCE_MS = 15_000;

/**
 * `list` has a line for each of `cues`; `base` is the space's address with a slash at its end.
 * @param {{ list: HTMLElement, cues: Cue[], space: string, base: string, say: Say }} page
 */
export function offerQuotes({ list, cues, space, base, say }) {
  const button = element("a", { className: "button small" }, say("quote"));
  const shown = element("div", { className: "card", tabIndex: -1 });
  /** @param {Event} event */
  const follow = ({ target }) => {
    const line = /** @type {Element | null} */ (target)?.closest?.("#transcript > li");
    if (!line || button.parentElement === line) return;
    button.href = address(space, cues[[...list.children].indexOf(line)].start_ms);
    line.append(button);
  };
  for (const name of ["focusin", "pointerover"]) list.addEventListener(name, follow);
  button.addEventListener("click", async (/** @type {MouseEvent} */ event) => {
    event.preventDefault();
    const line = button.parentElement;
    shown.replaceChildren(...(await quoted(space, base, button.href, say)));
    line?.append(shown);
    shown.focus();
  });
}

/**
 * @param {string} space
 * @param {number} atMs
 */
const address = (space, atMs) => `/api/v1/spaces/${encodeURIComponent(space)}/quote?at_ms=${atMs}`;

/**
 * What is shown of the quote at an address, or the sentence that says why there is none.
 * @param {string} space
 * @param {string} base
 * @param {string} from
 * @param {Say} say
 */
async function quoted(space, base, from, say) {
  try {
    const reply = await fetch(from, { credentials: "same-origin", headers: { "Accept-Language": document.documentElement.lang }, signal: AbortSignal.timeout(PATIENCE_MS) });
    const told = await reply.json();
    if (!reply.ok) return [told.sentence ?? say("quote_none")];
    const file = URL.createObjectURL(new Blob([JSON.stringify(told)], { type: "application/json" }));
    const at = new Date(told.at_ms).toISOString().replace("T", " ").slice(0, 19);
    return [
      element("p", {}, `“${told.text}”`),
      element("p", { className: "soft small" }, `${told.name ? `${told.name}, ` : ""}${at} UTC, `,
        element("a", { href: told.page }, told.page)),
      element("audio", { controls: true, preload: "none", src: `${base}clip.m4a?from=${told.from_s}&to=${told.to_s}` }),
      element("p", {}, element("a", { href: file, download: `${space}-quote.json` }, say("download"))),
    ];
  } catch {
    return [say("quote_none")];
  }
}
