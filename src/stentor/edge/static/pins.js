// What the hosts have pinned: in the recording with a link to the moment, else with the time of day.

import { clock } from "./clock.js";

const LINK = /^https?:\/\//i; // the house lets no other in; a link of another kind would run as script

/**
 * @param {Pin} pin
 * @param {DoorDocument} door
 * @param {string} language
 */
function row({ text, url, at_ms: at }, door, language) {
  const item = document.createElement("li");
  const note = document.createElement(LINK.test(url) ? "a" : "span");
  note.textContent = text;
  if (note.localName === "a") Object.assign(note, { href: url, target: "_blank", rel: "noopener noreferrer nofollow ugc" });
  const replay = door.state === "replay";
  const time = document.createElement(replay ? "a" : "span");
  const second = Math.max(0, Math.floor((at - (door.doors_open_ms ?? 0)) / 1000));
  time.className = "soft";
  time.textContent = replay ? clock(second) : new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(at);
  if (replay) time.setAttribute("href", `#t=${second}`);
  item.append(note, " ", time);
  return item;
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
