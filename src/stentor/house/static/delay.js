// The broadcast delay: chosen before the doors, and afterwards a key that dumps what nobody has heard yet.

import { $, ask, element, text } from "./page.js";
import { locale } from "./shared/texts.js";

const CHOICES_S = [0, 5, 7, 10, 15, 20, 30, 40];
const LAST_S = 5;

export class Delay {
  /** Which dump is told of, by when its key was pressed. */
  #told = 0;
  /** @type {SpaceView | null} */
  #view = null;

  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    $("delay-seconds").addEventListener("change", (/** @type {EventOn<HTMLSelectElement>} */ { target }) => this.#choose(Number(target.value)));
    $("dump").addEventListener("click", () => this.dump());
    $("dump-last").addEventListener("click", () => this.dump(LAST_S));
    $("dump-last").textContent = text("delay.last", { seconds: LAST_S });
  }

  /** @param {SpaceView} view */
  draw(view) {
    this.#view = view;
    const { delay, you, state } = view;
    $("delay").hidden = !(state === "scheduled" && you.may.includes("edit")) && !delay;
    this.#drawChoice(delay?.seconds ?? 0, state === "scheduled" && you.may.includes("edit"));
    const works = you.may.includes("dump");
    $("dumping").hidden = !delay || !(works || ["doors_open", "live", "interrupted"].includes(state));
    for (const id of ["dump", "dump-last"]) $(id).hidden = !works;
    if (!delay) return;
    const sentence = text(state === "ended" ? "delay.playing_out" : "delay.now", { seconds: delay.seconds });
    if ($("delay-now").textContent !== sentence) $("delay-now").textContent = sentence;
    const newest = delay.dumps.at(-1);
    if (!newest || newest.at_ms === this.#told) return;
    this.#told = newest.at_ms;
    this.#say(newest, view.doors_open_ms ?? 0);
  }

  /**
   * Throws away what waits, at once: a word that must not go out waits for no question.
   * @param {number | null} seconds
   */
  async dump(seconds = null) {
    if (!this.#view?.you.may.includes("dump")) return;
    $("dump-said").dataset.state = "";
    $("dump-said").textContent = text("delay.dumping");
    await this.command(async () => {
      try {
        await ask("POST", `/spaces/${this.space}/dump`, { token: this.token, body: { seconds } });
      } catch (error) {
        $("dump-said").dataset.state = "bad";
        $("dump-said").textContent = text("delay.failed", { detail: error.message });
        throw error;
      }
    });
  }

  /**
   * What went, and until when music is in its place; also on the pages of the other hosts.
   * @param {{ from_ms: number, to_ms: number, at_ms: number }} dumped
   * @param {number} origin
   */
  #say({ from_ms: from, to_ms: to, at_ms: at }, origin) {
    const time = new Intl.DateTimeFormat(locale(), { timeStyle: "medium" });
    const seconds = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format((to - from) / 1000);
    $("dump-said").dataset.state = "";
    $("dump-said").textContent = text("delay.dumped", { seconds, time: time.format(at), from: time.format(origin + from), to: time.format(origin + to) });
  }

  /**
   * @param {number} seconds
   * @param {boolean} open
   */
  #drawChoice(seconds, open) {
    const select = $("delay-seconds");
    select.disabled = !open;
    if (document.activeElement === select) return;
    const choices = [...new Set([...CHOICES_S, seconds])].sort((a, b) => a - b);
    const unit = new Intl.NumberFormat(locale(), { style: "unit", unit: "second", unitDisplay: "long" });
    select.replaceChildren(...choices.map((value) => element("option", { value }, value ? unit.format(value) : text("delay.off"))));
    select.value = String(seconds);
  }

  /** @param {number} seconds */
  #choose(seconds) {
    $("delay-seconds").blur();
    this.command(() => ask("PUT", `/spaces/${this.space}/delay`, { token: this.token, body: { seconds } }));
  }
}
