// What the hosts have pinned: in the recording with a link to the moment, else with the time of day.

import { clock } from "./shared/clock.js";
import { element } from "./shared/element.js";
import { pinned } from "./shared/pin.js";

/**
 * @param {Pin} pin
 * @param {DoorDocument} door
 * @param {string} language
 */
function row({ text, url, at_ms: at }, door, language) {
  const second = Math.max(0, Math.floor((at - (door.doors_open_ms ?? 0)) / 1000));
  const time = door.state === "replay"
    ? element("a", { className: "soft", href: `#t=${second}` }, clock(second))
    : element("span", { className: "soft" }, new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(at));
  return element("li", {}, pinned(text, url), " ", time);
}

/**
 * Shows the pins of the door in `section`, the newest first; in the recording in their order.
 * @param {HTMLElement} section
 * @param {DoorDocument} door
 * @param {string} language
 */
export function showPins(section, door, language) {
  const pins = door.state === "replay" ? door.pins.toReversed() : door.pins;
  section.hidden = !pins.length;
  section.querySelector("ul")?.replaceChildren(...pins.map((pin) => row(pin, door, language)));
}
