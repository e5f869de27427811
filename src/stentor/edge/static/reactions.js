// Reactions: one press each, counted by the edge for everybody. The counts come back in the pulse.

import { REACTION_NAMES, reaction } from "./shared/icon.js";

const PAUSE_MS = 300; // nobody presses faster on purpose, and the edge would not count it

export class Reactions {
  #base;
  #say;
  #group = /** @type {HTMLElement} */ (document.getElementById("reactions"));
  #switch = /** @type {HTMLElement} */ (document.getElementById("react")); // where there is no room for all of them
  #said = /** @type {HTMLElement} */ (document.getElementById("reactions-said"));
  /** @type {Map<string, { button: HTMLElement, count: HTMLElement }>} */
  #counts = new Map();
  #oneIn = 1;
  #pressedAt = 0;

  /**
   * `base` is the space's address with a slash at its end, `say` gives a text in the reader's language.
   * @param {{ base: string, say: Say }} page
   */
  constructor({ base, say }) {
    this.#base = base;
    this.#say = say;
    this.#switch.addEventListener("click", () => {
      const open = this.#group.toggleAttribute("data-open");
      this.#switch.setAttribute("aria-expanded", String(open));
    });
  }

  /**
   * What door.json says, or null where nobody may react.
   * @param {ReactionOffer | null} offer
   */
  open(offer) {
    this.#group.hidden = this.#switch.hidden = !offer;
    this.#group.setAttribute("aria-label", this.#say("reactions"));
    this.#oneIn = offer?.one_in ?? 1;
    if (offer && !this.#counts.size) this.#group.append(...offer.names.filter((name) => REACTION_NAMES.includes(name)).map((name) => this.#button(name)));
  }

  /**
   * The counts of everybody, as a pulse tells them.
   * @param {Record<string, number>} totals
   * @param {string} language
   */
  show(totals, language) {
    const short = new Intl.NumberFormat(language, { notation: "compact" });
    for (const [name, { button, count }] of this.#counts) {
      const total = totals[name] ?? 0;
      const text = total ? short.format(total) : "";
      if (text !== count.textContent) this.#rise(button);
      count.textContent = text;
      button.setAttribute("aria-label", this.#named(name, total));
    }
  }

  /**
   * @param {string} name
   * @param {number} count
   */
  #named(name, count) {
    const title = this.#say(`reaction_${name}`);
    return count ? this.#say("reaction_named", { name: title, count }) : title;
  }

  /** @param {string} name */
  #button(name) {
    const button = document.createElement("button");
    const count = document.createElement("span");
    button.type = "button";
    button.className = "small react";
    button.title = this.#say(`reaction_${name}`);
    button.setAttribute("aria-label", this.#named(name, 0));
    button.append(reaction(name), count);
    button.addEventListener("click", () => this.#press(name, button));
    this.#counts.set(name, { button, count });
    return button;
  }

  /**
   * @param {string} name
   * @param {HTMLElement} button
   */
  async #press(name, button) {
    const now = performance.now();
    if (now - this.#pressedAt < PAUSE_MS) return;
    this.#pressedAt = now;
    this.#said.textContent = "";
    this.#rise(button);
    if (Math.random() * this.#oneIn >= 1) return; // a crowded edge hears one of so many, and counts it as many
    try {
      const reply = await fetch(`${this.#base}react/${name}`, { method: "POST", signal: AbortSignal.timeout(8000) });
      if (reply.status === 429) this.#said.textContent = this.#say("too_fast");
    } catch {
      // one reaction less: not worth a word
    }
  }

  /** @param {HTMLElement} button */
  #rise(button) {
    button.classList.remove("rise");
    requestAnimationFrame(() => button.classList.add("rise"));
  }
}
