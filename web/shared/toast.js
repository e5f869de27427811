// A short word at the edge of the page that something was done: one at a time, gone after four seconds.

import { element } from "./element.js";

const SHOWN_MS = 4000;
/** @type {HTMLElement | null} */
let place = null;
let timer = 0;

/** @param {string} text */
export function toast(text) {
  place ??= /** @type {HTMLElement} */ (document.body.appendChild(element("p", { className: "toast", role: "status" })));
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { if (place) place.textContent = ""; }, SHOWN_MS);
}
