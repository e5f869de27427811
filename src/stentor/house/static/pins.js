// Pins on the stage's page: everybody sees them, hosts pin and take down.

import { $, ask, button, element, text, when } from "./page.js";
import { pinned } from "./shared/pin.js";

export class Pins {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.drawn = "";
    $("pin-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#pin();
    });
  }

  /**
   * Shows what is pinned, the newest first.
   * @param {SpaceView} view
   */
  draw({ pins, you }) {
    const may = you.may.includes("pin");
    $("pins").hidden = !may && !pins.length;
    $("pin-form").hidden = !may;
    const now = JSON.stringify([pins, may]);
    if (now === this.drawn) return;
    this.drawn = now;
    $("pinned").replaceChildren(...pins.toReversed().map((pin) => this.#row(pin, may)));
  }

  /**
   * @param {PinView} pin
   * @param {boolean} may
   */
  #row({ id, text: note, url, pinned_ms: at }, may) {
    const down = () => this.command(() => ask("DELETE", `/spaces/${this.space}/pins/${id}`, { token: this.token }));
    return element("li", {},
      pinned(note, url),
      element("span", { className: "quiet" }, when(at)),
      may ? element("span", { className: "buttons" }, button(text("pins.down"), down, { ariaLabel: `${text("pins.down")}: ${note}` })) : null);
  }

  async #pin() {
    const body = { text: $("pin-text").value, url: $("pin-url").value.trim() };
    await this.command(async () => {
      await ask("POST", `/spaces/${this.space}/pins`, { token: this.token, body });
      $("pin-form").reset();
      $("pin-text").focus();
    });
  }
}
