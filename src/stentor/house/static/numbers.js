// How many listened, waited and played: the numbers of the API with their intervals, for whoever opens them.

import { $, ask, element, pause, text, when } from "./page.js";
import { between } from "./shared/pace.js";
import { locale } from "./shared/texts.js";
import { verdict } from "./verdict.js";

const SHOWN = ["hearing", "peak", "minutes", "listeners", "unique", "lobby", "refused_devices", "refused", "waited", "waited_minutes", "plays", "plays_gross"];
/** @type {Pace} */
const LOOK_S = [4, 6];
const VERDICT_MS = 10e3; // the house makes it no more often

export class Numbers {
  #following = false;
  #verdictMs = 0;

  /** @param {{ space: string, token: string }} page */
  constructor({ space, token }) {
    this.space = space;
    this.token = token;
    $("numbers").addEventListener("toggle", () => this.#follow());
  }

  // As long as somebody looks.
  async #follow() {
    if (this.#following) return;
    this.#following = true;
    while ($("numbers").open) {
      if (!document.hidden) await this.#look();
      await pause(between(LOOK_S));
    }
    this.#following = false;
  }

  async #look() {
    try {
      const { figures, rows, until_ms } = await ask("GET", `/spaces/${this.space}/counts`, { token: this.token });
      if (Date.now() - this.#verdictMs >= VERDICT_MS) {
        this.#verdictMs = Date.now();
        $("verdict").textContent = await verdict(this.space, this.token).catch(() => "");
      }
      $("numbers-said").textContent = rows ? text("numbers.until", { when: when(until_ms) }) : text("numbers.none");
      $("numbers-list").replaceChildren(...SHOWN.filter((name) => figures[name]).map((name) => row(name, figures[name])));
    } catch (error) {
      $("numbers-said").textContent = /** @type {import("./page.js").Refused} */ (error).message;
    }
  }
}

/**
 * One number; how it was counted is its title.
 * @param {string} name
 * @param {Figure} figure
 */
function row(name, { value, low, high, method, at_ms: atMs, at_least: atLeast }) {
  const whole = (/** @type {number} */ number) => Math.round(number).toLocaleString(locale());
  const shown = atLeast ? text("numbers.at_least", { count: whole(value) }) : whole(value);
  const peak = atMs ? ` ${text("numbers.at", { when: when(atMs) })}` : "";
  const between = high > low ? ` ${text("numbers.between", { low: whole(low), high: whole(high) })}` : "";
  return element("li", { title: method }, element("strong", {}, shown), ` ${text(`numbers.${name}`)}${peak}${between}`);
}
