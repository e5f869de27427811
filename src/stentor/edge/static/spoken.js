// What is said, as a transcript that grows: from the beginning of the talk, with names, to be scrolled back. With sound
// a line comes when it is heard; without sound it comes as soon as it is written.

import { $, element } from "./shared/element.js";
import { remembered } from "./switches.js";

const ASK_MS = 2000;
const GAP_MS = 60_000; // the short document has the last 90 s: who missed more reads the long one
const EARLY_MS = 300; // a line comes with its first word, not after it
const CHUNK_MS = 320;
const NEAR_PX = 32; // who is so near to the end follows it
const MEASURED = 9;
const SIZE = "stentor.captions-size";

/** @param {Cue} cue */
const key = (cue) => `${cue.start_ms} ${cue.seat}`;

/** @param {number[]} numbers */
const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

export class Spoken {
  /** @type {Map<string, Cue>} */
  #cues = new Map();
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** @type {number[]} */
  #delays = []; // of the newest lines, from the last word to the arrival here, in ms
  #address = "";
  #askedAt = -Infinity;
  #readAt = -Infinity;
  #drawn = "";
  #version = 0;

  /** @param {{ panel: HTMLElement, say: Say }} page */
  constructor({ panel, say }) {
    this.panel = panel;
    this.say = say;
    this.list = $("captions-read");
    this.list.addEventListener("scroll", () => this.#scrolled());
    $("captions-newest").addEventListener("click", () => this.#follow());
    const contrast = $("captions-contrast");
    contrast.checked = matchMedia("(prefers-contrast: more)").matches;
    remembered(contrast, "captions-contrast", (on) => panel.classList.toggle("contrast", on));
    this.#sizes($("captions-size"));
  }

  /**
   * Asks for what is new when it is time, and shows what is to be shown when `chunk` is heard.
   * @param {CaptionAddresses} addresses
   * @param {number | null} chunk
   */
  async look({ newest, whole }, chunk) {
    const now = performance.now();
    if (newest !== this.#address) [this.#address, this.#readAt, this.#askedAt] = [newest, -Infinity, -Infinity];
    if (now - this.#askedAt >= ASK_MS) {
      this.#askedAt = now;
      const all = now - this.#readAt > GAP_MS;
      const found = (all ? await read(whole) : null) ?? (await read(newest));
      if (found) {
        this.#take(found, all);
        this.#readAt = now;
      }
    }
    this.#draw(chunk === null ? Infinity : (chunk + 1) * CHUNK_MS + EARLY_MS);
  }

  /**
   * @param {CueDocument} found
   * @param {boolean} all
   */
  #take({ at, doors_open_ms: doors, cues }, all) {
    for (const cue of cues) {
      const known = this.#cues.get(key(cue));
      if (known?.text === cue.text && known.name === cue.name) continue;
      this.#cues.set(key(cue), cue);
      this.#version += 1;
      const came = all ? cue.made_ms : at; // by the clock of the edge: that of the device may be wrong
      if (!known) this.#delays.push(came - (doors ?? 0) - cue.end_ms);
    }
    this.#delays = this.#delays.slice(-MEASURED);
  }

  /** @param {number} untilMs */
  #draw(untilMs) {
    const cues = [...this.#cues.values()].filter((cue) => cue.start_ms <= untilMs);
    const drawn = `${this.#version} ${cues.length}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    cues.sort((one, other) => one.start_ms - other.start_ms);
    const follows = this.#atEnd();
    const rows = cues.map((cue, at) => this.#row(cue, cues[at - 1]));
    let next = this.list.firstChild;
    for (const row of rows) {
      if (row === next) next = row.nextSibling;
      else this.list.insertBefore(row, next);
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
    if (follows) this.#follow();
    this.#scrolled();
    $("captions-wait").hidden = rows.length > 0;
    const seconds = this.#delays.length ? Math.max(1, Math.round(median(this.#delays) / 1000)) : 0;
    $("captions-delay").textContent = seconds ? this.say("captions_delay", { seconds }) : "";
  }

  /**
   * A line for a cue; a speaker is named when another one spoke before.
   * @param {Cue} cue
   * @param {Cue | undefined} before
   */
  #row(cue, before) {
    const row = this.#rows.get(key(cue)) ?? element("p", {}, element("b", {}), element("q", {}));
    this.#rows.set(key(cue), row);
    const [name, words] = row.children;
    const named = cue.name && cue.seat !== before?.seat ? `${cue.name} ` : "";
    if (name.textContent !== named) name.textContent = named;
    if (words.textContent !== cue.text) words.textContent = cue.text;
    row.lang = cue.language;
    return row;
  }

  #atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  #follow() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  #scrolled() {
    $("captions-newest").hidden = this.#atEnd();
  }

  /** @param {HTMLSelectElement} choice */
  #sizes(choice) {
    const show = () => {
      const follows = this.#atEnd();
      this.panel.dataset.size = choice.value;
      if (follows) this.#follow();
    };
    try {
      const kept = localStorage.getItem(SIZE);
      if ([...choice.options].some(({ value }) => value === kept)) choice.value = kept ?? "";
    } catch {
      // a frame on another site may not remember anything
    }
    choice.addEventListener("change", () => {
      show();
      try {
        localStorage.setItem(SIZE, choice.value);
      } catch {
        // then it holds until the page is left
      }
    });
    show();
  }
}

/**
 * None when it does not come.
 * @param {string} address
 * @returns {Promise<CueDocument | null>}
 */
async function read(address) {
  try {
    const reply = await fetch(address, { signal: AbortSignal.timeout(4000) });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}
