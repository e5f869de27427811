// Portraits on the stage's page: with the small picture that the audience sees too, if there is one.

import { element } from "./page.js";
import * as shared from "./shared/portrait.js";

/** @param {SeatView} seat */
export function portrait({ id, name, portrait: address }) {
  const place = shared.portrait(id, name);
  if (!address) return place;
  const picture = element("img", { src: address, alt: "" });
  picture.addEventListener("error", () => picture.remove()); // the initials are under it
  place.append(picture);
  return place;
}
