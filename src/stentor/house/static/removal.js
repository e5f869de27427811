// After the talk, for hosts: whether it stands in lists, what of the recording is shown, and what is deleted for good.

import { $, ask, element, sure, text, when } from "./page.js";
import { clock } from "./shared/clock.js";

/**
 * Milliseconds of "754", "12:34" or "1:02:03"; null for nothing, NaN for anything else.
 * @param {string} words
 */
export function milliseconds(words) {
  if (!words.trim()) return null;
  if (!/^\d+(:\d{1,2}){0,2}([.,]\d+)?$/.test(words.trim())) return NaN;
  return Math.round(1000 * words.trim().replace(",", ".").split(":").reduce((sum, number) => 60 * sum + Number(number), 0));
}

export class Removal {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.title = "";
    this.drawn = "";
    $("after-listed").addEventListener("change", (/** @type {EventOn<HTMLInputElement>} */ { target }) => this.#send("PUT", "listed", { listed: target.checked }));
    $("trim-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const span = this.#span("trim");
      if (span) this.#send("PUT", "trim", span);
    });
    $("remove-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#remove();
    });
    $("remove-space").addEventListener("click", () => this.#removeSpace());
  }

  /**
   * Shows itself to hosts when the talk is over.
   * @param {SpaceView} view
   */
  draw(view) {
    /** @param {string} wish */
    const may = (wish) => view.you.may.includes(wish);
    this.title = view.title;
    $("after").hidden = !may("remove_space");
    const now = JSON.stringify([view.removals, view.trim, view.listed, view.erasing, view.you.may]);
    if (now === this.drawn) return;
    this.drawn = now;
    $("after-listed").checked = view.listed;
    $("trim-form").hidden = $("remove-parts").hidden = !may("remove_recording");
    $("trim-from").value = view.trim ? clock(Math.round(view.trim.from_ms / 1000)) : "";
    $("trim-to").value = view.trim?.to_ms ? clock(Math.round(view.trim.to_ms / 1000)) : "";
    $("after-removed").replaceChildren(...view.removals.map((removal) => this.#row(removal)));
    $("after-said").textContent = view.erasing ? text("after.erasing") : "";
  }

  /** @param {RemovalView} removal */
  #row({ from_ms: from, to_ms: to, at_ms: at, reason }) {
    const whole = from === 0 && to === null;
    const part = whole ? text("after.all") : text("after.part", { from: clock(Math.round(from / 1000)), to: to === null ? text("after.end") : clock(Math.round(to / 1000)) });
    return element("li", {}, element("strong", {}, part), element("span", { className: "quiet" }, when(at)), element("span", {}, reason));
  }

  /** @param {"trim" | "remove"} form */
  #span(form) {
    const [from, to] = ["from", "to"].map((end) => milliseconds($(`${form}-${end}`).value));
    const wrong = Number.isNaN(from) || Number.isNaN(to);
    $("after-said").textContent = wrong ? text("after.wrong") : "";
    return wrong ? null : { from_ms: from ?? 0, to_ms: to };
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} body
   */
  #send(method, path, body) {
    return this.command(() => ask(method, `/spaces/${this.space}/${path}`, { token: this.token, body }));
  }

  async #remove() {
    const span = this.#span("remove");
    if (!span) return;
    const whole = span.from_ms === 0 && span.to_ms === null;
    const values = { title: this.title, from: clock(Math.round(span.from_ms / 1000)), to: span.to_ms === null ? text("after.end") : clock(Math.round(span.to_ms / 1000)) };
    if (!await sure(text(whole ? "after.sure_recording" : "after.sure_part", values), text("after.sure"))) return;
    await this.#send("POST", "removals", { ...span, reason: $("remove-reason").value });
    $("remove-form").reset();
  }

  async #removeSpace() {
    const reason = $("remove-reason").value.trim();
    if (!reason) {
      $("remove-reason").reportValidity();
      return;
    }
    if (await sure(text("after.sure_space", { title: this.title }), text("after.sure"))) await this.#send("POST", "remove", { reason });
  }
}
