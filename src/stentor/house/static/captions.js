// The captions on the stage's page: the newest lines as the audience reads them, each to be corrected by hosts.

import { $, ask, button, element, pause, text } from "./page.js";
import { read } from "./audience.js";
import { between } from "./shared/pace.js";

/** @type {Pace} */
const LOOK_S = [1.5, 2.5];
/** @type {Pace} */
const WAIT_S = [4, 8]; // while there are none
const LINES = 10;
const SETTLED_MS = 5000; // so long after a correction an edge may still give the words before it

/** @param {ShownCue} cue */
const place = ({ start_ms: start, seat }) => `${start}-${seat}`;

export class Captions {
  /** @type {SpaceView | null} */
  #view = null;
  /** @type {Map<string, ShownCue>} */
  #cues = new Map();
  /** @type {Map<string, number>} */
  #corrected = new Map(); // when we did it

  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.editing = ""; // the place of the line that is being edited
  }

  /**
   * Shows itself to those who may correct, while there are captions.
   * @param {SpaceView} view
   */
  look(view) {
    const begins = !this.#view;
    this.#view = view;
    if (!this.#reads()) $("captions").hidden = true;
    if (begins) this.#follow();
  }

  #reads() {
    const { audience, you } = /** @type {SpaceView} */ (this.#view);
    return Boolean(audience.pulse) && you.may.includes("captions");
  }

  async #follow() {
    for (;;) {
      const { audience } = /** @type {SpaceView} */ (this.#view);
      if (this.#reads() && !document.hidden) {
        if ($("captions").hidden) await read(audience.door, ({ streams }) => ($("captions").hidden = !streams.captions));
        if (!$("captions").hidden) await read(`${audience.page}/captions.json`, (found) => this.#take(found));
      }
      await pause(between($("captions").hidden ? WAIT_S : LOOK_S));
    }
  }

  /** @param {CueDocument} found */
  #take({ cues }) {
    const now = performance.now();
    for (const cue of cues) {
      if (now - (this.#corrected.get(place(cue)) ?? -Infinity) > SETTLED_MS) this.#cues.set(place(cue), cue);
    }
    const old = this.#inOrder().slice(0, -LINES).map(place);
    for (const key of old) if (key !== this.editing) this.#cues.delete(key);
    this.#draw();
  }

  #inOrder() {
    return [...this.#cues.values()].sort((one, other) => one.start_ms - other.start_ms);
  }

  /** A line that is being edited stays as it is. */
  #draw() {
    const list = $("captions-lines");
    const cues = this.#inOrder();
    const keys = new Set(cues.map(place));
    for (const row of [...list.children]) if (!keys.has(row.dataset.place)) row.remove();
    cues.forEach((cue, at) => {
      const there = list.children[at];
      const drawn = `${cue.name}\n${cue.text}`;
      if (there?.dataset.place === place(cue) && (there.dataset.drawn === drawn || this.editing === place(cue))) return;
      const row = this.#row(cue);
      row.dataset.drawn = drawn;
      if (there?.dataset.place === place(cue)) there.replaceWith(row);
      else list.insertBefore(row, there ?? null);
    });
    $("captions-none").hidden = cues.length > 0;
  }

  /** @param {ShownCue} cue */
  #row(cue) {
    const words = element("span", { lang: cue.language },
      cue.name ? element("strong", {}, element("bdi", {}, cue.name)) : null, " ", element("bdi", {}, cue.text), " ",
      cue.corrected ? element("span", { className: "quiet" }, text("captions.corrected")) : null);
    return element("li", { dataset: { place: place(cue) } }, words,
      button(text("captions.edit"), () => this.#edit(cue), { ariaLabel: `${text("captions.edit")}: ${cue.text}` }));
  }

  /** @param {ShownCue} cue */
  #edit(cue) {
    if (this.editing) this.#done(this.editing);
    this.editing = place(cue);
    const field = element("input", { value: cue.text, required: true, maxLength: 400, autocomplete: "off", lang: cue.language, ariaLabel: text("captions.words") });
    const form = element("form", { className: "fields" }, field,
      element("span", { className: "buttons" }, element("button", {}, text("captions.save")),
        button(text("captions.cancel"), () => this.#done(place(cue)))));
    form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#save(cue, field.value);
    });
    form.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.#done(place(cue)));
    this.#line(place(cue))?.replaceChildren(form);
    $("captions-said").textContent = "";
    field.focus();
  }

  /**
   * @param {ShownCue} cue
   * @param {string} words
   */
  #save(cue, words) {
    return this.command(async () => {
      const path = `/spaces/${this.space}/captions/${encodeURIComponent(place(cue))}`;
      const found = await ask("PATCH", path, { token: this.token, body: { text: words } });
      this.#corrected.set(place(cue), performance.now());
      this.#cues.set(place(cue), { ...cue, text: found.text, corrected: found.was !== null });
      this.#done(place(cue));
      $("captions-said").textContent = text("captions.saved");
    });
  }

  /**
   * The line is a line again, and has the focus that its field had.
   * @param {string} key
   */
  #done(key) {
    this.editing = "";
    const row = this.#line(key);
    if (row) row.dataset.drawn = "";
    this.#draw();
    this.#line(key)?.querySelector("button")?.focus();
  }

  /**
   * @param {string} key
   * @returns {HTMLElement | undefined}
   */
  #line(key) {
    return [...$("captions-lines").children].find((row) => row.dataset.place === key);
  }
}
