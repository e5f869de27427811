// The listener cut of a recording, for hosts: how far it is, what it left out, and whether people get it first.

import { $, ask, element, text } from "./page.js";
import { clock } from "./shared/clock.js";
import { locale } from "./shared/texts.js";

const LOOK_MS = 4000; // while it is being made, or is about to be
const CALM_MS = 60e3;

/**
 * Whether it is being made, or is ordered soon: after the end there is at first neither an order nor a cut.
 * @param {Pick<EditionView, "state" | "cut">} found
 */
const comes = ({ state, cut }) => (state ? state !== "failed" : !cut);

export class Editions {
  /**
   * `command` runs an action and shows what does not work.
   * @param {ChangingPartOptions} page
   */
  constructor({ space, token, command, change }) {
    this.space = space;
    this.token = token;
    this.shown = false;
    this.removals = 0;
    this.address = "";
    this.timer = 0;
    $("editions-again").addEventListener("click", () => command(async () => this.#show(await this.#ask("POST"))));
    $("editions-first").addEventListener("change", (/** @type {EventOn<HTMLSelectElement>} */ { target }) => change({ switches: { unedited: target.value === "unedited" } }));
  }

  /**
   * Shows itself to hosts when the recording is there.
   * @param {SpaceView} view
   */
  draw(view) {
    const shows = view.state === "replay" && view.recording !== null && view.you.may.includes("trim");
    $("editions").hidden = !shows;
    $("editions-first").value = view.switches.unedited ? "unedited" : "cut";
    this.address = view.audience.page ?? "";
    const news = !this.shown || view.removals.length !== this.removals; // what is deleted orders the cut anew
    this.removals = view.removals.length;
    this.shown = shows;
    if (!shows) clearTimeout(this.timer);
    else if (news) this.#look();
  }

  async #look() {
    let again = CALM_MS;
    try {
      const found = await this.#ask("GET");
      this.#show(found);
      if (comes(found)) again = LOOK_MS;
    } catch {
      again = LOOK_MS; // the house is away: its own part of the page says so
    }
    clearTimeout(this.timer);
    if (this.shown) this.timer = setTimeout(() => this.#look(), again);
  }

  /**
   * @param {string} method
   * @returns {Promise<EditionView>}
   */
  #ask(method) {
    return ask(method, `/spaces/${this.space}/edition`, { token: this.token });
  }

  /** @param {EditionView} found */
  #show({ state, done, problem, cut }) {
    const percent = new Intl.NumberFormat(locale(), { style: "percent" }).format(done);
    const said = state ? text(`editions.${state}`, { percent, problem }) : text(cut ? "editions.there" : "editions.none");
    $("editions-said").textContent = said;
    $("editions-bar").hidden = !["measuring", "cutting"].includes(state ?? "");
    $("editions-bar").value = state === "cutting" ? 0.5 + done / 2 : done / 2;
    $("editions-again").disabled = Boolean(state) && state !== "failed";
    $("editions-cut").replaceChildren(...(cut ? this.#lines(cut) : []));
    if (comes({ state, cut }) && this.shown) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#look(), LOOK_MS);
    }
  }

  /** @param {CutView} cut */
  #lines(cut) {
    const left = Object.entries(cut.left_out_ms).filter(([, ms]) => ms >= 1000);
    const whole = text("editions.length", { cut: clock(Math.round(cut.cut_ms / 1000)), whole: clock(Math.round(cut.length_ms / 1000)) });
    const number = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1, minimumFractionDigits: 1 });
    const loud = cut.loudness && text("editions.loudness", { before: number.format(cut.loudness.before_lufs), after: number.format(cut.loudness.after_lufs) });
    return [
      element("li", {}, element("strong", {}, whole)),
      ...left.map(([why, ms]) => element("li", {}, `${text(`editions.why_${why}`)}: ${clock(Math.round(ms / 1000))}`)),
      ...(loud ? [element("li", {}, loud)] : []),
      element("li", {}, this.#link(`recording.m4a`, "editions.hear"), " · ", cut.signed ? this.#link(`edits.json`, "editions.proof") : text("editions.unsigned")),
    ];
  }

  /**
   * @param {string} file
   * @param {string} words
   */
  #link(file, words) {
    return element("a", { href: `${this.address}/cut/${file}`, target: "_blank", rel: "noopener" }, text(words));
  }
}
