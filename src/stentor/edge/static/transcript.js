// The transcript of a recording: who said what and when; a click on a line is heard from there, and the line that is
// heard is marked.

import { clock } from "./shared/clock.js";
import { $, element } from "./shared/element.js";


export class Transcript {
  /** @type {Cue[]} */
  #cues = [];
  /** @type {HTMLElement[]} */
  #lines = [];
  #current = -1;

  /**
   * `audio` plays the recording, `cues` are those of captions.json, in order.
   * @param {HTMLAudioElement} audio
   * @param {Cue[]} cues
   * @param {Say} say
   */
  constructor(audio, cues, say) {
    this.audio = audio;
    this.#cues = cues;
    this.#lines = cues.map((cue, at) => this.#line(cue, cues[at - 1]));
    $("transcript").replaceChildren(...this.#lines);
    $("find").addEventListener("input", () => this.#find(say));
    for (const name of ["timeupdate", "seeking"]) audio.addEventListener(name, () => this.#moved());
    this.#moved();
  }

  /**
   * @param {Cue} cue
   * @param {Cue | undefined} before
   */
  #line(cue, before) {
    const named = cue.name && cue.seat !== before?.seat;
    const button = element("button", { type: "button" },
      element("span", {}, clock(cue.start_ms / 1000)),
      named ? element("b", {}, cue.name) : null,
      element("q", { lang: cue.language }, cue.text));
    button.addEventListener("click", () => {
      this.audio.currentTime = cue.start_ms / 1000;
      this.audio.play();
    });
    return element("li", {}, button);
  }

  // Only the lines in which a word, or a name, is found.
  /** @param {Say} say */
  #find(say) {
    const wanted = $("find").value.trim().toLowerCase();
    const found = this.#cues.filter(({ name, text }, at) => {
      const there = `${name} ${text}`.toLowerCase().includes(wanted);
      this.#lines[at].hidden = !there;
      return there;
    });
    $("found").textContent = wanted ? say(found.length ? "found" : "found_none", { count: found.length, words: $("find").value }) : "";
  }

  #moved() {
    const now = this.audio.currentTime * 1000;
    const current = this.#cues.findLastIndex((cue) => cue.start_ms <= now + 50);
    if (current === this.#current) return;
    this.#lines[this.#current]?.firstElementChild?.removeAttribute("aria-current");
    this.#current = current;
    const line = this.#lines[current];
    if (!line) return;
    line.firstElementChild?.setAttribute("aria-current", "true");
    const list = line.parentElement; // only the list is scrolled, not the page under the reader's eyes
    if (list && !list.matches(":hover, :focus-within")) list.scrollTop = line.offsetTop - list.offsetTop - list.clientHeight / 3;
  }
}
