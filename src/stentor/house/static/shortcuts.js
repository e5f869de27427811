// Keys of the stage's page, and the sheet that tells of them.

import { allow, allowed, single } from "./keys.js";
import { $, element, text } from "./page.js";
import { openSheet } from "./shared/sheet.js";

const PRESSED_BY_SPACE = "button, a, summary, input, select, textarea, [role='tab']";
const SOUNDS = 5;

/** What stands in the overlay: the key as people see it, and the key of its text. */
const SHOWN = [
  ["M", "mute"], ["space", "talk"], ["T", "aside"], ["R", "requests"], ["C", "comments"], ["I", "invite"], ["D", "dump"], [`1 – ${SOUNDS}`, "sounds"], ["?", "help"],
];

export class Shortcuts {
  /** @type {Record<string, () => unknown>} */
  #acts;
  #holding = false;

  /**
   * `own` is our seat, `acts` what a key does that is not about the seat, `sound` plays one of the soundboard.
   * @param {{ own: import("./own-seat.js").OwnSeat, acts: Record<string, () => unknown>, sound: (number: number) => unknown }} page
   */
  constructor({ own, acts, sound }) {
    this.own = own;
    this.sound = sound;
    this.#acts = { ...acts, "?": () => openSheet($("shortcuts")) };
    document.addEventListener("keydown", (event) => this.#down(event));
    document.addEventListener("keyup", ({ key }) => key === " " && this.#release());
    window.addEventListener("blur", () => this.#release());
    $("shortcuts-open").addEventListener("click", () => openSheet($("shortcuts")));
    $("shortcuts-on").checked = allowed();
    $("shortcuts-on").addEventListener("change", () => allow($("shortcuts-on").checked));
    $("shortcuts-list").append(...SHOWN.flatMap(([key, name]) =>
      [element("dt", {}, element("kbd", {}, key === "space" ? text("keys.space") : key)), element("dd", {}, text(`keys.${name}`))]));
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    if (this.#holding && event.key === " ") return event.preventDefault(); // it repeats, and would scroll the page
    if (!single(event) || document.querySelector("dialog[open]")) return;
    if (event.key === " ") return this.#hold(event);
    const number = Number(event.key);
    if (number >= 1 && number <= SOUNDS) return this.sound(number - 1);
    const act = this.#acts[event.key.toLowerCase()];
    if (!act) return undefined;
    event.preventDefault();
    return act();
  }

  /**
   * Who is muted talks as long as the key is down; where it presses what has the focus, it does that.
   * @param {KeyboardEvent} event
   */
  #hold(event) {
    const { own } = this;
    if (/** @type {Element} */ (event.target).closest(PRESSED_BY_SPACE) || !own.wanted || !own.muted || own.hostMuted) return;
    event.preventDefault();
    this.#holding = true;
    own.mute();
  }

  #release() {
    if (!this.#holding) return;
    this.#holding = false;
    this.own.close();
  }
}
