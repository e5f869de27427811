// Cutting a clip: two handles on the wave, two fields, and the keys; each follows the others.

import { clock } from "./shared/clock.js";
import { $ } from "./shared/element.js";

const MOST_S = 60;
const LEAST_S = 0.5;
const USUAL_S = 30;

/**
 * Seconds of "754", "12:34" or "1:02:03"; NaN for anything else.
 * @param {string} text
 */
export function seconds(text) {
  if (!/^\d+(:\d{1,2}){0,2}(\.\d+)?$/.test(text.trim())) return NaN;
  return text.split(":").reduce((sum, number) => 60 * sum + Number(number), 0);
}

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

  /**
   * `turn` tells when the turn that is heard began.
   * @param {{ audio: HTMLAudioElement, base: string, say: Say, turn: () => number }} page
   */
  constructor({ audio, base, say, turn }) {
    this.audio = audio;
    this.base = base;
    this.say = say;
    this.turn = turn;
    const details = $("cut-wrong").closest("details");
    details.addEventListener("toggle", () => {
      if (details.open) this.#fill();
      $("range").hidden = !details.open;
    });
    for (const field of this.#fields) field.addEventListener("input", () => this.#show());
    this.#handles.forEach((handle, which) => {
      handle.addEventListener("keydown", (event) => this.#key(event, which));
      handle.addEventListener("pointerdown", ({ pointerId }) => handle.setPointerCapture(pointerId));
      handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && this.#drag(event, which));
    });
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
  }

  /**
   * @param {PointerEvent} event
   * @param {number} which
   */
  #drag({ clientX }, which) {
    const { left, width } = $("wave").getBoundingClientRect();
    if (this.audio.duration) this.#move(which, Math.round(((clientX - left) / width) * this.audio.duration * 10) / 10);
  }

  #show() {
    const [from, to] = this.#times;
    const right = to - from >= LEAST_S && to - from <= MOST_S;
    $("cut-wrong").textContent = right ? "" : this.say("cut_wrong");
    if (right) $("clip").href = `${this.base}clip?from=${from}&to=${to}`;
    else $("clip").removeAttribute("href");
    const { duration } = this.audio;
    if (!right || !duration) return;
    Object.assign($("range").style, { left: `${(from / duration) * 100}%`, width: `${((to - from) / duration) * 100}%` });
    this.#handles.forEach((handle, which) => {
      handle.setAttribute("aria-valuemax", String(Math.floor(duration)));
      handle.setAttribute("aria-valuenow", String(this.#times[which]));
      handle.setAttribute("aria-valuetext", written(this.#times[which]));
    });
  }
}
