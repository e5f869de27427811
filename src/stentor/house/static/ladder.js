// What gives way for a large audience: shown with its reason, and chosen by hand by whoever may.

import { $, ask, element, text } from "./page.js";
import { locale } from "./shared/texts.js";

const CHOICES = ["auto", 0, 1, 2, 3, 4];
const SHARES = new Set(["line", "cpu", "slow"]);

export class Ladder {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    $("rung").replaceChildren(...CHOICES.map((value) => element("option", { value }, text(`rung.${value}`))));
    $("rung").addEventListener("change", () => this.#choose($("rung").value));
  }

  /** @param {SpaceView} view */
  draw({ ladder, you }) {
    $("ladder").hidden = !you.may.includes("pin_rung") && !you.may.includes("free_rung");
    if (document.activeElement !== $("rung")) $("rung").value = String(ladder.pinned ?? "auto");
    const sentence = text("rung.now", { what: text(`rung.${ladder.rung}`), why: why(ladder) });
    if ($("rung-now").textContent !== sentence) $("rung-now").textContent = sentence;
  }

  /** @param {string} value */
  #choose(value) {
    const rung = value === "auto" ? null : Number(value);
    this.command(() => ask("PUT", `/spaces/${this.space}/rung`, { token: this.token, body: { rung } }));
  }
}

/** @param {LadderView} ladder */
function why({ cause, value }) {
  /** @type {Intl.NumberFormatOptions} */
  const style = SHARES.has(cause) ? { style: "percent" } : { maximumFractionDigits: 2 };
  return text(`cause.${cause}`, { value: new Intl.NumberFormat(locale(), style).format(value) });
}
