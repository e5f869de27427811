// A short word at the edge of the page that something was done: one at a time, gone after four seconds; after twelve
// with a button, which takes back what was done.

import { element } from "./element.js";

const SHOWN_MS = 4000;
const UNDO_MS = 12_000;
// There from the beginning: a screen reader does not speak what a place has said already when it comes.
const place = /** @type {HTMLElement} */ (document.body.appendChild(element("div", { className: "toast", role: "status" })));
let timer = 0;

/**
 * @param {string} text
 * @param {{ words: string, press: () => unknown }} [undo]
 */
export function toast(text, undo, shown = undo ? UNDO_MS : SHOWN_MS) {
  place.replaceChildren(text);
  if (undo) {
    const button = element("button", { type: "button", className: "small" }, undo.words);
    button.addEventListener("click", () => {
      place.replaceChildren();
      undo.press();
    });
    place.append(" ", button);
  }
  clearTimeout(timer);
  timer = setTimeout(() => place.replaceChildren(), shown);
}
