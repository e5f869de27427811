// Who is let in: how wide the door is, how many wait, the limited audience as a button, links that need no place.

import { $, ask, element, text } from "./page.js";
import { locale } from "./shared/texts.js";

const KINDS = ["press", "member", "follower", "invited"];
const DELAYS_S = [0, 60, 120, 300, 600, 900];

export class Door {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.limited = false;
    $("pass-kind").replaceChildren(...KINDS.map((value) => element("option", { value }, text(`pass.${value}`))));
    $("overflow").addEventListener("change", (/** @type {EventOn<HTMLSelectElement>} */ { target }) => this.#change({ overflow_s: Number(target.value) }));
    $("limit").addEventListener("click", () => this.#limit());
    $("pass").addEventListener("click", () => this.command(() => this.#pass()));
  }

  /** @param {SpaceView} view */
  draw({ door, you, listeners }) {
    $("door").hidden = !you.may.includes("limit_audience") && !you.may.includes("open_audience");
    this.limited = door.limited;
    $("limit").textContent = text(door.limited ? "door.open" : "door.limit");
    this.#drawOverflow(door.overflow_s);
    const number = new Intl.NumberFormat(locale());
    const values = {
      listeners: number.format(listeners),
      places: number.format(door.places),
      waiting: number.format(door.waiting),
    };
    const key = door.limited ? "door.limited" : door.p < 1 ? "door.narrow" : "door.wide";
    const sentence = text(key, values);
    if ($("door-now").textContent !== sentence) $("door-now").textContent = sentence;
  }

  /**
   * The one that holds is always among them, though somebody has chosen it elsewhere.
   * @param {number} delay
   */
  #drawOverflow(delay) {
    if (document.activeElement === $("overflow")) return;
    const choices = [...new Set([...DELAYS_S, delay])].sort((a, b) => a - b);
    const { lang } = document.documentElement;
    const minutes = new Intl.NumberFormat(lang, { style: "unit", unit: "minute", unitDisplay: "long", maximumFractionDigits: 1 });
    $("overflow").replaceChildren(...choices.map((value) =>
      element("option", { value }, value ? minutes.format(value / 60) : text("door.overflow_off"))));
    $("overflow").value = String(delay);
  }

  /** @param {Record<string, unknown>} body */
  #change(body) {
    this.command(() => ask("PATCH", `/spaces/${this.space}`, { token: this.token, body }));
  }

  #limit() {
    const body = { limited: !this.limited, passes: KINDS };
    this.command(() => ask("PUT", `/spaces/${this.space}/door`, { token: this.token, body }));
  }

  async #pass() {
    const body = { kind: $("pass-kind").value };
    const { link } = await ask("POST", `/spaces/${this.space}/passes`, { token: this.token, body });
    $("pass-link").value = link;
    $("pass-link").hidden = false;
    $("pass-link").select();
  }
}
