// Portraits: initials on a quiet colour, and over them the small picture that the audience sees too, if there is one.

import { element } from "./page.js";

/** @param {string} name */
function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], ...words.slice(1).slice(-1)].map((word) => [...word][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

/**
 * From the id of the seat, as on the listener's page.
 * @param {string} seat
 */
function hue(seat) {
  return [...seat].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 0);
}

/**
 * The portrait of a seat; the name stands beside it.
 * @param {SeatView} seat
 */
export function portrait({ id, name, portrait: address }) {
  const place = element("span", { className: "portrait", ariaHidden: "true", dataset: { initials: initials(name) } });
  place.style.setProperty("--hue", String(hue(id)));
  if (!address) return place;
  const picture = element("img", { src: address, alt: "" });
  picture.addEventListener("error", () => picture.remove()); // the initials are under it
  place.append(picture);
  return place;
}
