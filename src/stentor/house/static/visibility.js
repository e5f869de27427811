// The choice of who may listen, on the page that makes spaces and on that of listeners.

import { $, text } from "./page.js";

export class Visibility {
  constructor() {
    this.had = false; // whether there is a password already
    $("visibility").addEventListener("change", () => this.#say());
    this.#say();
  }

  /** @returns {string} */
  get chosen() {
    return $("visibility").value;
  }

  /** @returns {string | null} */
  get password() {
    return (this.chosen === "password" && $("password").value) || null;
  }

  /**
   * Shows what is chosen now.
   * @param {string} visibility
   */
  show(visibility) {
    $("visibility").value = visibility;
    this.had = visibility === "password";
    $("password").value = "";
    this.#say();
  }

  /** What the choice means, and a field where it needs a password. */
  #say() {
    $("visibility-said").textContent = text(`visibility.${this.chosen}_said`);
    $("password-row").hidden = this.chosen !== "password";
    $("password").required = this.chosen === "password" && !this.had;
  }
}
