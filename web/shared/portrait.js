// A portrait: initials on a person's hue, to put a picture over. base/looks.py finds the same ones for pages of the server.

import { element } from "./element.js";

const HUES = 12; // as many as design.css has

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], ...words.slice(1).slice(-1)].map((word) => [...word][0] ?? "");
  return letters.join("").toUpperCase();
}

/**
 * The number of a hue for an id: the same at every visit.
 * @param {string} id
 */
export const hue = (id) => [...id].reduce((sum, letter) => (sum * 31 + /** @type {number} */ (letter.codePointAt(0))) % 360, 0) % HUES;

/**
 * The portrait of a seat. The name stands beside it.
 * @param {string} seat
 * @param {string} name
 * @returns {HTMLElement}
 */
export function portrait(seat, name) {
  return element("span", { className: "portrait", ariaHidden: "true", dataset: { hue: hue(seat), initials: initials(name) } });
}
