// Cutting a clip: two handles on the wave, two fields, and the keys; each follows the others.

import { clock } from "./shared/clock.js";
import { $, element } from "./shared/element.js";

const MOST_S = 60;
const LEAST_S = 0.5;
const USUAL_S = 30;
const NEAR_S = 180; // while one cuts, a long recording shows so much of itself: a pixel is less than a second then
const DRAGGED_PX = 4; // who moves less has clicked

/**
 * Seconds of "754", "12:34" or "1:02:03"; NaN for anything else.
 * @param {string} text
 */
export function seconds(text) {
  if (!/^\d+(:\d{1,2}){0,2}(\.\d+)?$/.test(text.trim())) return NaN;
  return text.split(":").reduce((sum, number) => 60 * sum + Number(number), 0);
}

/** @param {number} at */
const tenth = (at) => Math.round(at * 10) / 10;

/**
 * "12:34", with tenths where there are some.
 * @param {number} at
 */
export function written(at) {
  const tenths = Math.round(at * 10) % 10;
  return clock(Math.floor(at + 0.05)) + (tenths ? `.${tenths}` : "");
}

export class ClipRange {
  /** @type {HTMLElement[]} */
  #handles = [...$("range").children];
  #fields = [$("from"), $("to")];
  #details = $("cut-wrong").closest("details");
  #first = 0; // the second at which what the wave shows begins

  /**
   * `turn` tells when the turn that is heard began.
   * @param {{ audio: HTMLAudioElement, wave: import("./wave.js").Wave, base: string, say: Say, turn: () => number }} page
   */
  constructor({ audio, wave, base, say, turn }) {
    this.audio = audio;
    this.wave = wave;
    this.base = base;
    this.say = say;
    this.turn = turn;
    this.#details.addEventListener("toggle", () => {
      $("range").hidden = !this.open;
      if (this.open) this.#fill();
      else this.#near(0, Infinity);
    });
    audio.addEventListener("seeked", () => this.#followed());
    for (const field of this.#fields) {
      field.addEventListener("input", () => this.#show());
      field.addEventListener("change", () => this.look());
    }
    this.#handles.forEach((handle, which) => {
      handle.addEventListener("keydown", (event) => this.#key(event, which));
      handle.addEventListener("pointerdown", ({ pointerId }) => handle.setPointerCapture(pointerId));
      handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && this.#drag(event, which));
      handle.addEventListener("pointerup", () => this.look());
    });
  }

  get open() {
    return this.#details.open;
  }

  /**
   * Cuts what was drawn over with a finger or a mouse, from one place on the screen to another; says whether it was drawn.
   * @param {number} begun
   * @param {number} now
   */
  draw(begun, now) {
    if (!this.open || Math.abs(now - begun) < DRAGGED_PX) return false;
    const [one, other] = [begun, now].map((x) => tenth(this.wave.at(x)));
    if (one < other) this.#set(one, Math.min(Math.max(other, one + LEAST_S), one + MOST_S));
    else this.#set(Math.max(Math.min(other, one - LEAST_S), one - MOST_S, 0), one);
    return true;
  }

  /** Shows the wave around the clip; it stays where it is as long as both ends are well within. */
  look() {
    const [from, to] = this.#times;
    const length = this.audio.duration || 0;
    if (!this.open || !(from < to)) return;
    if (length <= NEAR_S) return this.#near(0, Infinity);
    const within = from >= this.#first + NEAR_S / 20 && to <= this.#first + (NEAR_S * 19) / 20;
    const first = within ? this.#first : Math.max(0, Math.min(length - NEAR_S, Math.round((from + to - NEAR_S) / 2)));
    this.#near(first, first + NEAR_S);
    this.#show();
  }

  /** Who goes elsewhere in the recording cuts there. */
  #followed() {
    const { currentTime } = this.audio;
    const near = currentTime >= this.#first && currentTime <= this.#first + NEAR_S;
    if (this.open && !near && this.audio.duration > NEAR_S) this.#fill();
  }

  /**
   * What the wave shows: its ends stand below it where that is not all.
   * @param {number} from
   * @param {number} to
   */
  #near(from, to) {
    this.#first = from;
    this.wave.show(from, to);
    $("ends").hidden = to === Infinity;
    if (!$("ends").hidden) $("ends").replaceChildren(...[from, to].map((at) => element("span", {}, clock(at))));
  }

  get #times() {
    return this.#fields.map(({ value }) => seconds(value));
  }

  // From the beginning of the turn, or from a little before what is heard when that is long ago.
  #fill() {
    const now = this.audio.currentTime;
    const turn = this.turn();
    const from = Math.floor(now - turn < USUAL_S ? turn : now - USUAL_S);
    this.#set(from, Math.min(from + USUAL_S, Math.floor(this.audio.duration || from + USUAL_S)));
    this.look();
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #set(from, to) {
    [$("from").value, $("to").value] = [written(from), written(to)];
    this.#show();
  }

  /**
   * One end elsewhere: the other stays, unless the clip became too long or too short.
   * @param {number} which
   * @param {number} at
   */
  #move(which, at) {
    const most = this.audio.duration || Infinity;
    let [from, to] = this.#times.map((time) => time || 0);
    if (which === 0) {
      from = Math.max(0, Math.min(at, most - LEAST_S));
      to = Math.min(Math.max(to, from + LEAST_S), from + MOST_S);
    } else {
      to = Math.min(most, Math.max(at, LEAST_S));
      from = Math.max(Math.min(from, to - LEAST_S), to - MOST_S);
    }
    this.#set(from, to);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} which
   */
  #key(event, which) {
    /** @type {Record<string, number>} */
    const ways = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    this.#move(which, this.#times[which] + way * (event.shiftKey ? 0.1 : 1));
    this.look();
  }

  /**
   * @param {PointerEvent} event
   * @param {number} which
   */
  #drag({ clientX }, which) {
    if (this.audio.duration) this.#move(which, tenth(this.wave.at(clientX)));
  }

  #show() {
    const [from, to] = this.#times;
    const right = to - from >= LEAST_S && to - from <= MOST_S;
    $("cut-wrong").textContent = right ? "" : this.say("cut_wrong");
    if (right) $("clip").href = `${this.base}clip?from=${from}&to=${to}`;
    else $("clip").removeAttribute("href");
    const { duration } = this.audio;
    if (!right || !duration) return;
    const [first, last] = [from, to].map((at) => 100 * this.wave.part(at));
    Object.assign($("range").style, { left: `${first}%`, width: `${last - first}%` });
    this.#handles.forEach((handle, which) => {
      handle.setAttribute("aria-valuemax", String(Math.floor(duration)));
      handle.setAttribute("aria-valuenow", String(this.#times[which]));
      handle.setAttribute("aria-valuetext", written(this.#times[which]));
    });
  }
}
