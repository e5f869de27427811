// The cover of a space: a picture, and in words what is to be seen on it.

import { $, ask, text } from "./page.js";

export class Cover {
  /** @param {PartOptions} page */
  constructor({ space, token, command }) {
    this.address = `/spaces/${space}/cover`;
    this.token = token;
    this.command = command;
    this.touched = false;
    $("cover-form").addEventListener("input", () => (this.touched = true));
    $("cover-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#save();
    });
    $("cover-remove").addEventListener("click", () => this.#change("cover.removed", "DELETE", this.address));
  }

  /** @param {SpaceView} view */
  draw({ about, visibility, audience }) {
    const shown = about.cover_ms && ["public", "unlisted"].includes(visibility); // others need a pass that hosts may not have
    $("cover-remove").hidden = !about.cover_ms;
    $("cover").hidden = !shown;
    const address = shown ? `${audience.page}/cover-small.jpg?v=${about.cover_ms}` : "";
    if (shown && $("cover").getAttribute("src") !== address) $("cover").src = address;
    if (!this.touched) $("cover-words").value = about.cover_words;
  }

  #save() {
    const [file] = $("cover-file").files ?? [], words = $("cover-words").value.trim();
    if (file) return this.#change("edit.saved", "PUT", `${this.address}?${new URLSearchParams({ words })}`, { file, timeout: 60000 });
    return this.#change("edit.saved", "PATCH", this.address, { body: { words } });
  }

  /**
   * @param {string} said
   * @param {string} method
   * @param {string} address
   * @param {object} [more]
   */
  #change(said, method, address, more = {}) {
    return this.command(async () => {
      $("cover-said").textContent = "";
      await ask(method, address, { token: this.token, ...more });
      $("cover-form").reset();
      this.touched = false;
      $("cover-said").textContent = text(said);
    });
  }
}
