// What a space is called, when it begins and what it is about: hosts change it here, also while it is live.

import { languages } from "./languages.js";
import { $, ask, text } from "./page.js";

export class Edit {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    /** @type {SpaceView | null} */
    this.view = null;
    this.touched = false;
    $("edit-form").addEventListener("input", () => (this.touched = true));
    $("edit-visibility").addEventListener("change", () => this.#say());
    $("edit-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#save();
    });
  }

  /**
   * Shows itself to hosts; what somebody is writing stays as it is.
   * @param {SpaceView} view
   */
  draw(view) {
    $("edit").hidden = !view.you.may.includes("edit");
    $("title").textContent = $("title").title = view.title;
    this.view = view;
    if (this.touched) return;
    $("edit-name").value = view.title;
    $("edit-when").value = view.scheduled_ms ? local(view.scheduled_ms) : "";
    $("edit-when-row").hidden = view.state !== "scheduled";
    languages($("edit-language"), view.language);
    $("edit-about").value = view.description;
    $("edit-visibility").value = view.visibility;
    this.#say();
  }

  /** What the choice means, and a field where it needs a password. */
  #say() {
    const chosen = $("edit-visibility").value;
    $("edit-visibility-said").textContent = text(`visibility.${chosen}_said`);
    $("edit-password-row").hidden = chosen !== "password";
    $("edit-password").required = chosen === "password" && this.view?.visibility !== "password";
  }

  /** Only what is different goes to the house: somebody else may have changed the rest. */
  #changes() {
    const { title, scheduled_ms: at, language, description, state } = /** @type {SpaceView} */ (this.view);
    const begins = $("edit-when").value;
    /** @type {Record<string, unknown>} */
    const wish = {};
    if ($("edit-name").value.trim() !== title) wish.title = $("edit-name").value;
    if (state === "scheduled" && begins !== (at ? local(at) : "")) wish.scheduled_ms = begins ? new Date(begins).getTime() : null;
    if ($("edit-language").value !== language) wish.language = $("edit-language").value;
    if ($("edit-about").value.trim() !== description) wish.description = $("edit-about").value;
    return wish;
  }

  #save() {
    const body = this.#changes();
    const visibility = $("edit-visibility").value;
    const password = (visibility === "password" && $("edit-password").value) || null;
    const shows = visibility !== this.view?.visibility || password !== null;
    const changes = shows || Object.keys(body).length > 0;
    $("edit-said").textContent = changes ? "" : text("edit.same");
    if (!changes) return undefined;
    return this.command(async () => {
      if (shows) await ask("PUT", `/spaces/${this.space}/visibility`, { token: this.token, body: { visibility, password } });
      if (Object.keys(body).length) await ask("PATCH", `/spaces/${this.space}`, { token: this.token, body });
      $("edit-password").value = "";
      this.touched = false;
      $("edit-said").textContent = text("edit.saved");
    });
  }
}

/**
 * As a field for date and time takes it: the reader's own zone, whole minutes.
 * @param {number} ms
 */
function local(ms) {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60e3).toISOString().slice(0, 16);
}
