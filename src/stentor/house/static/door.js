// Who is let in: how wide the door is, how many wait, the limited audience as a button, links that need no place.

import { ask, element, text } from "./page.js";

const $ = (id) => document.getElementById(id);
const KINDS = ["press", "member", "invited"];

export class Door {
  /** `command` runs an action and shows what does not work. */
  constructor({ space, token, command }) {
    Object.assign(this, { space, token, command });
    this.limited = false;
    $("pass-kind").replaceChildren(...KINDS.map((value) => element("option", { value }, text(`pass.${value}`))));
    $("limit").addEventListener("click", () => this.#limit());
    $("pass").addEventListener("click", () => this.command(() => this.#pass()));
  }

  draw({ door, you, listeners }) {
    $("door").hidden = !you.may.includes("limit_audience") && !you.may.includes("open_audience");
    this.limited = door.limited;
    $("limit").textContent = text(door.limited ? "door.open" : "door.limit");
    const number = new Intl.NumberFormat(document.documentElement.lang);
    const values = {
      listeners: number.format(listeners),
      places: number.format(door.places),
      waiting: number.format(door.waiting),
    };
    const key = door.limited ? "door.limited" : door.p < 1 ? "door.narrow" : "door.wide";
    const sentence = text(key, values);
    if ($("door-now").textContent !== sentence) $("door-now").textContent = sentence;
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
