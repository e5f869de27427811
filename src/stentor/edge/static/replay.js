// The player of a recording: who speaks when, a picture of the voices, speed, a remembered position, links and clips.
// The sound itself is the audio element that is there without any script.

import { ClipRange, seconds } from "./clip-range.js";
import { clock } from "./shared/clock.js";
import { $, element } from "./shared/element.js";
import { hue, initials } from "./shared/portrait.js";
import { share } from "./shared/share.js";
import { openTabs } from "./shared/tabs.js";
import { showSpeakers } from "./speakers.js";
import { Transcript } from "./transcript.js";
import { Wave } from "./wave.js";

const REMEMBER_FROM_S = 10; // who heard less begins anew
const REMEMBER_EVERY_MS = 3000;
const STEP_S = 5; // of the arrow keys
const BACK_S = 10;
const FORWARD_S = 30;
const DOCUMENT_TRIES = 4;
const DOCUMENT_AGAIN_MS = 3000;
const PICTURE = 512; // the side of what the lock screen shows; no system takes an SVG there

/**
 * What stands there, or null: the recording plays without it. It is asked for again where the server is busy or the line
 * is away, and where one server does not know yet what another has said: that the recording is complete.
 * @param {string} address
 * @returns {Promise<any>}
 */
async function fetchDocument(address, tries = DOCUMENT_TRIES) {
  try {
    const reply = await fetch(address, { signal: AbortSignal.timeout(30000) });
    const said = await reply.json();
    if (reply.ok) return said;
    if (reply.status < 500 && said.code !== "no-outline") return null;
  } catch {
    // again
  }
  if (tries <= 1) return null;
  await new Promise((done) => setTimeout(done, DOCUMENT_AGAIN_MS));
  return fetchDocument(address, tries - 1);
}

export class Replay {
  /** @type {HTMLAudioElement} */
  #audio = $("recording").querySelector("audio");
  #wave = new Wave($("wave"), this.#audio);
  /** @type {Chapter[]} */
  #chapters = [];
  /** @type {Chapter[]} */
  #items = []; // of the rundown
  #kept = 0;
  #shown = ""; // what the lock screen says

  /** @param {{ base: string, door: DoorDocument, say: Say, portraits: import("./portraits.js").Portraits, language: string }} page */
  constructor({ base, door, say, portraits, language }) {
    this.base = base;
    this.door = door;
    this.say = say;
    this.portraits = portraits;
    this.language = language;
    this.numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
    this.key = `stentor-position-${door.space}`;
  }

  open() {
    const audio = this.#audio;
    audio.preload = "metadata"; // shows its length
    $("replay").hidden = $("turns").hidden = false;
    this.#controls();
    this.#begin();
    for (const name of ["timeupdate", "seeking", "loadedmetadata"]) audio.addEventListener(name, () => this.#moved());
    for (const name of ["pause", "seeked"]) audio.addEventListener(name, () => this.#remember());
    $("tab-words").hidden = true;
    openTabs($("tabs"));
    $("tab-chapters").click();
    this.#moved();
    this.#read();
  }

  // Each is drawn as it comes: none waits for one that is slow, or that will never be there.
  #read() {
    /** @type {Record<string, (found: any) => void>} */
    const draws = {
      chapters: (found) => found && this.#showTold(found.chapters),
      captions: (found) => found && this.#showWords(found.cues),
      peaks: (found) => {
        $("wave").hidden = !found;
        if (found) this.#wave.draw(found);
      },
      gaps: (found) => this.#showGaps(found?.spans ?? []),
      counts: (found) => this.#showCounts(found?.figures ?? {}),
      speaking: (found) => showSpeakers(found, this),
    };
    for (const [name, draw] of Object.entries(draws)) fetchDocument(`${this.base}${name}.json`).then(draw);
  }

  /** @param {Chapter[]} chapters */
  #showTold(chapters) {
    const all = chapters.filter(({ pin }) => !pin); // pins have their own list
    this.#showChapters(all.filter(({ item }) => !item), all.filter(({ item }) => item));
    $("told").hidden = false;
    this.#passMusic();
    this.#moved();
  }

  /** @param {Cue[]} cues */
  #showWords(cues) {
    $("told").hidden = false;
    $("tab-words").hidden = !cues.length;
    new Transcript(this.#audio, cues, this.say);
    if (cues.length) this.#offerQuotes(cues);
  }

  // Where the house is under the same address, and the hosts allow clips.
  /** @param {Cue[]} cues */
  async #offerQuotes(cues) {
    const house = /** @type {HTMLAnchorElement | null} */ (document.querySelector("footer [data-text='site.report']"));
    if (house?.origin !== location.origin || $("clip").closest("details")?.hidden) return;
    const { offerQuotes } = await import("./quote.js");
    offerQuotes({ list: $("transcript"), cues, space: this.door.space, base: this.base, say: this.say });
  }

  /** @param {Record<string, Figure>} figures */
  #showCounts(figures) {
    const shown = ["unique", "peak", "plays"].filter((name) => figures[name]?.value > 0).map((name) => {
      const { value, low, high, at_least: atLeast } = figures[name];
      const [count, least, most] = [value, low, high].map((number) => this.numbers.format(Math.round(number)));
      const known = high > low ? `${count} (${least}–${most})` : count;
      return this.say(`counted_${name}`, { count: atLeast ? this.say("at_least", { count: known }) : known });
    });
    $("counted").hidden = !shown.length;
    $("counted").textContent = shown.join(" · ");
    $("counted").title = Object.values(figures).map(({ method }) => method).join("\n");
  }

  // Where the link says, else where this listener stopped.
  #begin() {
    const linked = this.#linked();
    const kept = Number(this.#storage((storage) => storage.getItem(this.key)));
    const at = Number.isNaN(linked) ? kept : linked;
    if (at > 0) this.#audio.currentTime = at;
    window.addEventListener("hashchange", () => {
      const again = this.#linked();
      if (!Number.isNaN(again)) this.#audio.currentTime = again;
    });
  }

  // Who has not begun begins with the first who speaks; the music before is a click away.
  #passMusic() {
    const spoken = this.#chapters.find((chapter) => chapter.seat)?.startTime ?? 0;
    const untouched = this.#audio.paused && this.#audio.currentTime === 0 && Number.isNaN(this.#linked());
    if (untouched && spoken > 0) this.#audio.currentTime = spoken;
  }

  #linked() {
    return seconds(new URLSearchParams(location.hash.slice(1)).get("t") ?? "");
  }

  #controls() {
    const audio = this.#audio;
    $("previous").addEventListener("click", () => this.#skip(-1));
    $("next").addEventListener("click", () => this.#skip(1));
    $("speed").addEventListener("change", (/** @type {any} */ { target }) => {
      audio.defaultPlaybackRate = audio.playbackRate = Number(target.value);
    });
    $("share").addEventListener("click", () => this.#share());
    $("replay-play").addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
    for (const name of ["play", "pause"]) audio.addEventListener(name, () => this.#showPlay());
    $("back").addEventListener("click", () => this.#by(-BACK_S));
    $("forward").addEventListener("click", () => this.#by(FORWARD_S));
    this.#pointing(new ClipRange({ audio, wave: this.#wave, base: this.base, say: this.say, turn: () => this.#chapters[this.#current()]?.startTime ?? 0 }));
    $("wave").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.#session();
  }

  /**
   * A press on the wave is heard from there. Who draws over it seeks, or cuts while the clip is open.
   * @param {ClipRange} clip
   */
  #pointing(clip) {
    const place = $("wave");
    let begun = NaN; // where the finger came down
    let drawn = false;
    place.addEventListener("pointerdown", (/** @type {PointerEvent} */ { clientX, pointerId, button }) => {
      if (button || !this.#audio.duration) return;
      [begun, drawn] = [clientX, false];
      place.setPointerCapture(pointerId);
    });
    place.addEventListener("pointermove", (/** @type {PointerEvent} */ { clientX }) => {
      if (Number.isNaN(begun)) return;
      drawn = clip.draw(begun, clientX) || drawn;
      if (!clip.open) this.#wave.fill(this.#wave.at(clientX));
    });
    place.addEventListener("pointerup", (/** @type {PointerEvent} */ { clientX }) => {
      if (drawn) clip.look();
      else if (!Number.isNaN(begun)) this.#audio.currentTime = this.#wave.at(clientX);
      [begun, drawn] = [NaN, false];
    });
    place.addEventListener("pointercancel", () => { begun = NaN; });
  }

  #showPlay() {
    const { paused } = this.#audio;
    $("replay-play").toggleAttribute("data-on", !paused);
    $("replay-play").ariaLabel = this.say(paused ? "replay_play" : "replay_pause");
  }

  /** @param {number} seconds */
  #by(seconds) {
    const audio = this.#audio;
    audio.currentTime = Math.max(0, Math.min(audio.duration || 0, audio.currentTime + seconds));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const audio = this.#audio;
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S };
    /** @type {Record<string, number>} */
    const ends = { Home: 0, End: audio.duration || 0 };
    const to = event.key in steps ? audio.currentTime + steps[event.key] : ends[event.key];
    if (to === undefined) return;
    event.preventDefault();
    audio.currentTime = Math.max(0, to);
  }

  #session() {
    if (!("mediaSession" in navigator)) return;
    const session = navigator.mediaSession;
    this.#audio.addEventListener("play", () => this.#describe());
    session.setActionHandler("play", () => this.#audio.play());
    session.setActionHandler("pause", () => this.#audio.pause());
    session.setActionHandler("stop", () => this.#audio.pause());
    session.setActionHandler("seekbackward", () => this.#by(-BACK_S));
    session.setActionHandler("seekforward", () => this.#by(FORWARD_S));
    session.setActionHandler("seekto", ({ seekTime }) => { this.#audio.currentTime = seekTime ?? 0; });
    session.setActionHandler("nexttrack", () => this.#skip(1));
    session.setActionHandler("previoustrack", () => this.#skip(-1));
  }

  // The lock screen: who speaks, in which space and about what, with the face.
  #describe() {
    const chapter = this.#chapters[this.#current()];
    const album = this.#items.findLast(({ startTime }) => startTime <= this.#audio.currentTime)?.title ?? "";
    const shown = JSON.stringify([chapter?.startTime, album]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const { title } = this.door;
    const who = chapter?.seat ? chapter.title : this.say("phase.replay.chip");
    const src = (chapter?.seat && this.door.portraits?.[chapter.seat]) || face(chapter?.seat ?? this.door.space, chapter?.seat ? who : title);
    navigator.mediaSession.metadata = new MediaMetadata({ title: who, artist: title, album, artwork: [{ src, sizes: `${PICTURE}x${PICTURE}` }] });
  }

  /** @param {number} by */
  #skip(by) {
    const starts = this.#chapters.map((chapter) => chapter.startTime);
    const now = this.#audio.currentTime;
    const to = by > 0 ? starts.find((start) => start > now + 0.1) : starts.findLast((start) => start < now - 2);
    if (to !== undefined) this.#audio.currentTime = to;
  }

  /**
   * Who spoke when, and between them what the rundown says, in the order of time.
   * @param {Chapter[]} chapters
   * @param {Chapter[]} items
   */
  #showChapters(chapters, items) {
    [this.#chapters, this.#items] = [chapters, items];
    const rows = chapters.map((chapter) => {
      const { seat, title, startTime } = chapter;
      const said = seat ? [this.portraits.make(seat, title), title] : [this.say("music_plays")];
      const button = element("button", { type: "button" }, element("span", {}, clock(startTime)), ...said);
      button.addEventListener("click", () => this.#play(startTime));
      return element("li", {}, button);
    });
    $("chapters").replaceChildren(...rows);
    for (const { title, startTime } of items) {
      const next = rows[chapters.findIndex((chapter) => chapter.startTime >= startTime)] ?? null;
      const button = element("button", { type: "button" }, element("span", {}, clock(startTime)), element("b", {}, title));
      button.addEventListener("click", () => this.#play(startTime));
      $("chapters").insertBefore(element("li", { className: "item" }, button), next);
    }
  }

  /** @param {number} seconds */
  #play(seconds) {
    this.#audio.currentTime = seconds;
    this.#audio.play();
  }

  /** @param {Span[]} spans */
  #showGaps(spans) {
    const origin = this.door.doors_open_ms ?? 0;
    const rows = spans.map((span) => {
      const time = clock((span.start_ms - origin) / 1000);
      const seconds = this.numbers.format(span.duration_s);
      return element("li", {}, this.say(span.source === "gap" ? "is_missing" : "stands_in", { seconds, time }));
    });
    const missing = spans.filter(({ source }) => source === "gap").reduce((sum, span) => sum + span.duration_s, 0);
    const sum = missing ? { seconds: this.numbers.format(missing) } : null;
    $("missing").hidden = !rows.length;
    $("missing").querySelector("summary").textContent = sum ? this.say("not_recorded", sum) : this.say("stood_in");
    $("gaps").replaceChildren(...rows);
  }

  #current() {
    const now = this.#audio.currentTime + 0.05;
    return this.#chapters.findLastIndex((chapter) => chapter.startTime <= now);
  }

  #moved() {
    const { currentTime, duration } = this.#audio;
    const current = this.#current();
    const chapter = this.#chapters[current];
    const who = chapter ? (chapter.seat ? chapter.title : this.say("music_plays")) : "";
    $("now").textContent = [who, `${clock(currentTime)}${duration ? ` / ${clock(duration)}` : ""}`].filter(Boolean).join(" · ");
    if (!this.#audio.paused && "mediaSession" in navigator) this.#describe();
    const wave = $("wave");
    wave.setAttribute("aria-valuemax", Math.floor(duration || 0));
    wave.setAttribute("aria-valuenow", Math.floor(currentTime));
    wave.setAttribute("aria-valuetext", clock(currentTime));
    this.#wave.fill(currentTime);
    const list = $("chapters");
    const before = list.querySelector("[aria-current]");
    const button = list.querySelectorAll("li:not(.item)")[current]?.firstChild;
    if (before !== button) {
      before?.removeAttribute("aria-current");
      button?.setAttribute("aria-current", "true");
    }
    if (performance.now() - this.#kept > REMEMBER_EVERY_MS) this.#remember();
  }

  #remember() {
    this.#kept = performance.now();
    const { currentTime, duration } = this.#audio;
    const over = duration && currentTime > duration - 5;
    this.#storage((storage) =>
      over || currentTime < REMEMBER_FROM_S
        ? storage.removeItem(this.key)
        : storage.setItem(this.key, currentTime.toFixed(1)),
    );
  }

  /**
   * A browser may forbid the storage altogether.
   * @template T
   * @param {(storage: Storage) => T} use
   */
  #storage(use) {
    try {
      return use(localStorage);
    } catch {
      return null;
    }
  }

  async #share() {
    const url = `${location.origin}${this.base.slice(0, -1)}#t=${Math.floor(this.#audio.currentTime)}`;
    $("shared").textContent = url;
    await share({ title: this.door.title, url }, this.say);
  }
}

/**
 * A face as a picture: the initials on the hue of the id.
 * @param {string} id
 * @param {string} name
 */
function face(id, name) {
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { width: PICTURE, height: PICTURE }));
  const ink = canvas.getContext("2d");
  const place = document.body.appendChild(element("span", { hidden: true, dataset: { hue: hue(id) } }));
  const degrees = getComputedStyle(place).getPropertyValue("--hue");
  place.remove();
  if (!ink) return "";
  ink.fillStyle = `hsl(${degrees} 40% 88%)`;
  ink.fillRect(0, 0, PICTURE, PICTURE);
  ink.fillStyle = `hsl(${degrees} 60% 22%)`;
  ink.font = `700 ${PICTURE * 0.4}px system-ui, sans-serif`;
  ink.textAlign = "center";
  ink.textBaseline = "middle";
  ink.fillText(initials(name), PICTURE / 2, PICTURE / 2);
  return canvas.toDataURL("image/png");
}
