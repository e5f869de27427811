// Live captions: the newest lines of what is said, in step with what is heard. Asked for only while they are shown.

const ASK_MS = 2000;
const LINES = 3;
const STAY_MS = 10_000; // so long a line stays after its end when nothing follows
const EARLY_MS = 300; // a line comes with its first word, not after it
const KEPT_MS = 120_000;
const CHUNK_MS = 320;
const KEY = "stentor-captions";

/**
 * A browser may forbid the storage altogether.
 * @template T
 * @param {(kept: Storage) => T} use
 */
function storage(use) {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

/**
 * The lines to show when `heardMs` (from the opening of the doors) is heard: what has begun, the newest last.
 * Words that are recognised after they were heard come at once: they have begun.
 * @param {Cue[]} cues
 * @param {number} heardMs
 */
export function lines(cues, heardMs) {
  const begun = cues.filter((cue) => cue.start_ms <= heardMs + EARLY_MS && cue.end_ms > heardMs - STAY_MS);
  return begun.slice(-LINES);
}

export class Captions {
  /** @type {Map<string, Cue>} */
  #cues = new Map();
  #address = "";
  #askedAt = -ASK_MS;
  #shown = "";

  /**
   * `button` turns them on and off, `panel` has the lines; `say` is the page's texts.
   * @param {{ button: HTMLElement, panel: HTMLElement, say: Say }} page
   */
  constructor({ button, panel, say }) {
    this.button = button;
    this.panel = panel;
    this.say = say;
    this.on = storage((kept) => kept.getItem(KEY)) === "on";
    button.addEventListener("click", () => {
      this.on = !this.on;
      storage((kept) => kept.setItem(KEY, this.on ? "on" : "off"));
      this.#switch();
    });
    this.#switch();
  }

  /**
   * Where the captions are, or nothing when there are none.
   * @param {string | null} [address]
   */
  offer(address) {
    if (this.#address === (address ?? "")) return;
    this.#address = address ?? "";
    this.#switch();
  }

  /**
   * What is heard now: a chunk, or null when the player does not tell; then the newest words are shown.
   * @param {number | null} chunk
   * @param {boolean} playing
   */
  async heard(chunk, playing) {
    const shows = this.on && this.#address && playing;
    this.panel.hidden = !shows;
    if (!shows || document.hidden) return;
    const now = performance.now();
    if (now - this.#askedAt >= ASK_MS) {
      this.#askedAt = now;
      await this.#ask();
    }
    this.#show(chunk === null ? Infinity : (chunk + 1) * CHUNK_MS);
  }

  #switch() {
    this.button.hidden = !this.#address;
    this.button.setAttribute("aria-pressed", String(this.on));
    if (!this.on || !this.#address) this.panel.hidden = true;
    this.#askedAt = -ASK_MS;
  }

  async #ask() {
    try {
      const reply = await fetch(this.#address, { signal: AbortSignal.timeout(4000) });
      if (!reply.ok) return;
      for (const cue of (await reply.json()).cues) this.#cues.set(`${cue.start_ms} ${cue.seat}`, cue);
    } catch {
      return; // none this time
    }
    const newest = Math.max(...[...this.#cues.values()].map((cue) => cue.end_ms));
    for (const [key, cue] of this.#cues) if (cue.end_ms < newest - KEPT_MS) this.#cues.delete(key);
  }

  /** @param {number} heardMs */
  #show(heardMs) {
    const cues = [...this.#cues.values()].sort((one, other) => one.start_ms - other.start_ms);
    const newest = cues.length ? Math.min(heardMs, Math.max(...cues.map((cue) => cue.end_ms))) : 0;
    const found = lines(cues, heardMs === Infinity ? newest : heardMs);
    const key = found.map((cue) => `${cue.start_ms} ${cue.seat}`).join();
    if (key === this.#shown && this.panel.childElementCount) return;
    this.#shown = key;
    this.panel.replaceChildren(...(found.length ? rows(found) : [this.#waiting()]));
  }

  #waiting() {
    const line = document.createElement("p");
    line.className = "soft";
    line.textContent = this.say("captions_wait");
    return line;
  }
}

/**
 * A line for each cue; a speaker is named when another one spoke before.
 * @param {Cue[]} cues
 */
function rows(cues) {
  return cues.map((cue, at) => {
    const [line, name] = ["p", "b"].map((kind) => document.createElement(kind));
    line.lang = cue.language;
    name.textContent = cue.name;
    if (cue.name && cue.seat !== cues[at - 1]?.seat) line.append(name, " ");
    line.append(cue.text);
    return line;
  });
}
