// A portrait: initials on a quiet colour, to put a picture over.

import { element } from "./element.js";

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], ...words.slice(1).slice(-1)].map((word) => [...word][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

/**
 * The portrait of a seat, whose id gives the colour: the same at every visit. The name stands beside it.
 * @param {string} seat
 * @param {string} name
 * @returns {HTMLElement}
 */
export function portrait(seat, name) {
  const hue = [...seat].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 0);
  const place = element("span", { className: "portrait", ariaHidden: "true", dataset: { initials: initials(name) } });
  place.style.setProperty("--hue", String(hue));
  return place;
}
