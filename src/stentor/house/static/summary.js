// Right after the end: how long it was, who heard it, who spoke how long, and whether the recording is whole.

import { read } from "./audience.js";
import { draw } from "./curve.js";
import { $, ask, element, pause, text, when } from "./page.js";
import { clock } from "./shared/clock.js";
import { between } from "./shared/pace.js";
import { portrait } from "./shared/portrait.js";
import { locale } from "./shared/texts.js";
import { speaking } from "./speaking.js";

const SHOWN = ["peak", "minutes", "unique", "refused_devices"];
/** @type {Pace} */
const LOOK_S = [3, 5];
const TRIES = 10; // a recording that was deleted is not there any more

export class Summary {
  #looking = false;
  #told = false; // who spoke, and whether the recording is whole

  /** @param {{ space: string, token: string, account: boolean }} page */
  constructor({ space, token, account }) {
    this.space = space;
    this.token = token;
    $("summary-next").hidden = !account;
    /** @type {SpaceView | null} */
    this.view = null;
  }

  /**
   * Shows itself when a talk is over; until the recording is complete, it looks again and again.
   * @param {SpaceView} view
   */
  look(view) {
    this.view = view;
    const over = ["ended", "replay"].includes(view.state);
    $("summary").hidden = !over;
    $("summary-replay").hidden = view.state !== "replay" || !view.recording;
    $("summary-replay").href = view.audience.page;
    $("summary-report").href = `${view.audience.page}/report`;
    if (over && !this.#looking) this.#follow();
  }

  async #follow() {
    this.#looking = true;
    while (this.view?.state !== "replay") {
      await this.#counts();
      await pause(between(LOOK_S)); // also for the servers of the audience to hear of the recording
    }
    await this.#counts();
    for (let left = TRIES; left && !this.#told; left--) {
      await this.#recording();
      if (!this.#told) await pause(between(LOOK_S));
    }
  }

  async #counts() {
    try {
      const { figures, curve, until_ms: until } = await ask("GET", `/spaces/${this.space}/counts`, { token: this.token });
      $("summary-report").hidden = false; // it is made of the same rows
      const found = SHOWN.filter((name) => figures[name]?.value);
      $("summary-figures").replaceChildren(...this.#lengths(), ...found.map((name) => counted(name, figures[name])));
      this.#curve(curve);
      await this.#ways();
      $("summary-said").textContent = found.length ? text("numbers.until", { when: when(until) }) : "";
    } catch {
      $("summary-figures").replaceChildren(...this.#lengths()); // it cannot be read now
    }
  }

  /** How many came by which way, beside how many were told and how many messages that took. */
  async #ways() {
    const { ways } = await ask("GET", `/spaces/${this.space}/reach`, { token: this.token });
    const used = Object.entries(ways).filter(([, way]) => way.came || way.sent);
    const said = used.map(([name, way]) => text("summary.way", { way: text(`summary.way_${name}`), ...way }));
    $("summary-ways").textContent = said.join(" ");
  }

  /** @param {Curve} curve */
  #curve({ since_ms: since, step_s: step, peaks }) {
    const until = since + 1000 * step * peaks.length;
    $("summary-curve").hidden = peaks.length < 2;
    if (peaks.length < 2 || $("summary-curve").dataset.until === String(until)) return;
    $("summary-curve").dataset.until = String(until);
    const values = { from: when(since), to: when(until), most: Math.max(...peaks).toLocaleString(locale()) };
    draw($("summary-line"), peaks, text("summary.curve", values));
    $("summary-from").textContent = values.from;
    $("summary-to").textContent = values.to;
  }

  #lengths() {
    const { live_ms: live, ended_ms: ended } = /** @type {SpaceView} */ (this.view);
    return live && ended ? [figure(clock((ended - live) / 1000), text("summary.length"))] : [];
  }

  async #recording() {
    const { audience: { page }, live_ms: live, doors_open_ms: opened } = /** @type {SpaceView} */ (this.view);
    const from = live && opened ? (live - opened) / 1000 : 0;
    await read(`${page}/chapters.json`, ({ chapters }) => this.#draw(speaking(chapters, from)));
    await read(`${page}/gaps.json`, ({ spans }) => {
      const missing = spans.filter((/** @type {Span} */ { source }) => source === "gap");
      const seconds = missing.reduce((/** @type {number} */ sum, /** @type {Span} */ span) => sum + span.duration_s, 0);
      this.#told = true;
      $("summary-gaps").textContent = seconds
        ? text("summary.gaps", { seconds: Math.round(seconds * 10) / 10, places: missing.length })
        : text("summary.whole");
    });
  }

  /** @param {{ seat: string, name: string, seconds: number, share: number }[]} people */
  #draw(people) {
    const percent = new Intl.NumberFormat(locale(), { style: "percent" });
    $("summary-people-title").hidden = !people.length;
    $("summary-people").replaceChildren(...people.map(({ seat, name, seconds, share }) => {
      const bar = element("i");
      bar.style.width = `${100 * share}%`;
      return element("li", {}, portrait(seat, name), element("strong", {}, element("bdi", {}, name)),
        element("span", { className: "quiet" }, `${clock(seconds)} · ${percent.format(share)}`), element("span", { className: "share", ariaHidden: "true" }, bar));
    }));
  }
}

/**
 * @param {string} value
 * @param {string} said
 */
const figure = (value, said, title = "") => element("li", { title }, element("strong", {}, value), element("span", { className: "quiet" }, said));

/**
 * @param {string} name
 * @param {Figure} figure
 */
function counted(name, { value, low, high, method, at_ms: atMs }) {
  const whole = (/** @type {number} */ number) => Math.round(number).toLocaleString(locale());
  const between = high > low ? text("numbers.between", { low: whole(low), high: whole(high) }) : "";
  const at = atMs ? text("numbers.at", { when: when(atMs) }) : "";
  return figure(whole(value), [text(`numbers.${name}`), at, between].filter(Boolean).join(" "), method);
}
