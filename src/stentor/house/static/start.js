// The way to the start: a countdown for all on the stage, and what speaks against opening the doors or going live.

import { $, ask, light, pause, text } from "./page.js";
import { clock } from "./shared/clock.js";

const DAY_S = 86_400;
const TICK_MS = 250;
const SOON_MS = 60_000;
const AGAIN_MS = 400; // what the stage and the lights say may be some tenths of a second old
const TRIES = 3;

/**
 * 4:05, or 1:04:05 from an hour on, or 3 d 1:04:05.
 * @param {number} ms
 */
function time(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const days = Math.floor(seconds / DAY_S);
  return days ? `${days} d ${clock(seconds % DAY_S, true)}` : clock(seconds);
}

export class Start {
  /**
   * `command` runs an action, shows what does not work, and then what the house says (`show`).
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    /** @type {SpaceView | null} */
    this.view = null;
    this.ahead = 0;
    $("ready-anyway").addEventListener("click", () => this.#do($("ready").dataset.verb));
    $("ready-doors").addEventListener("click", () => this.press("doors"));
    $("ready-not").addEventListener("click", () => $("ready").close());
    $("close-doors").addEventListener("click", () => this.command(() => ask("DELETE", `/spaces/${this.space}/doors`, { token: this.token })));
    setInterval(() => this.#count(), TICK_MS);
  }

  /**
   * What the house says now; an open dialog follows it.
   * @param {SpaceView} view
   */
  show(view) {
    this.view = view;
    this.ahead = view.now_ms - Date.now();
    if ($("ready").open) this.#fill();
    $("unheard").hidden = !view.you.may.includes("close_doors");
    this.#count();
  }

  /**
   * Does it when nothing speaks against it, and says what does otherwise; either way it is the host's choice.
   * @param {string} verb
   */
  async press(verb) {
    $("ready").close();
    for (let left = TRIES; left; left--) {
      await this.command(() => {});
      if (this.view && !this.view.hindrances[verb].length) return this.#do(verb);
      if (left > 1) await pause(AGAIN_MS);
    }
    $("ready").dataset.verb = verb;
    this.#fill();
    $("ready").showModal();
  }

  /** @param {string} verb */
  #do(verb) {
    $("ready").close();
    return this.command(() => ask("POST", `/spaces/${this.space}/${verb}`, { token: this.token }));
  }

  #fill() {
    const { verb } = $("ready").dataset;
    if (!this.view) return;
    const found = this.view.hindrances[verb];
    if (!this.view.you.may.includes(verb)) return $("ready").close(); // somebody else has done it
    const now = JSON.stringify(found);
    if ($("ready-found").dataset.drawn === now) return;
    $("ready-found").dataset.drawn = now;
    $("ready-title").textContent = text(`ready.${verb}`);
    const rows = found.map(({ about, color, reason }) =>
      light(color, `${text(`lights.${about}`)}: ${text(`reason.${reason}`)}`));
    $("ready-found").replaceChildren(...(rows.length ? rows : [light("green", text("ready.nothing"))]));
    $("ready-anyway").textContent = text(found.length ? `ready.${verb}_anyway` : `do.${verb}`);
    $("ready-doors").hidden = verb !== "live" || !this.view.you.may.includes("doors");
  }

  #count() {
    const [key, ms] = this.#next();
    $("countdown").hidden = !key;
    if (!key) return;
    const said = text(key, { time: time(ms) });
    if ($("countdown").textContent !== said) $("countdown").textContent = said;
    $("countdown").dataset.soon = String(key.endsWith("_in") && ms < SOON_MS);
  }

  /**
   * The key of the sentence, and the time in it.
   * @returns {[string, number]}
   */
  #next() {
    const { state, scheduled_ms: planned, live_ms: live } = this.view ?? {};
    const now = Date.now() + this.ahead;
    if (state === "live" || state === "interrupted") return ["count.live", now - (live ?? 0)];
    if (!planned || (state !== "scheduled" && state !== "doors_open")) return ["", 0];
    if (planned - now > 1000 * DAY_S) return ["", 0]; // the sentence below says in how many days
    return planned > now ? ["count.starts_in", planned - now] : ["count.late", now - planned];
  }
}
