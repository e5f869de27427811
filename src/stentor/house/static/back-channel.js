// The back channel: what host and co-hosts write to each other; never public.

import { $, ask, element, when } from "./page.js";

export class BackChannel {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.may = false;
    this.newest = 0;
    $("back-channel-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#say();
    });
  }

  /**
   * Shows itself to whoever may read it, with what was written before.
   * @param {SpaceView} view
   */
  look({ you }) {
    const may = you.may.includes("backstage");
    $("back-channel").hidden = !may;
    if (may && !this.may) this.news();
    this.may = may;
  }

  /** Somebody has written. */
  async news() {
    if ($("back-channel").hidden) return;
    try {
      this.#draw(await ask("GET", this.#path(), { token: this.token }));
    } catch {
      // the house is away; the next message brings this one too
    }
  }

  #path() {
    return `/spaces/${this.space}/backstage`;
  }

  /** @param {{ messages: BackstageMessage[] }} view */
  #draw({ messages }) {
    const log = $("back-channel-log");
    const fresh = messages.filter(({ id }) => id > this.newest);
    log.append(...fresh.map(({ name, text: said, at_ms: at }) => element("div", {},
      element("strong", {}, name), element("span", { className: "quiet" }, when(at)), element("span", { className: "said" }, said))));
    this.newest = messages.at(-1)?.id ?? this.newest;
    $("back-channel-none").hidden = log.children.length > 0;
    if (fresh.length) log.scrollTop = log.scrollHeight;
  }

  async #say() {
    const body = { text: $("back-channel-text").value };
    await this.command(async () => {
      this.#draw(await ask("POST", this.#path(), { token: this.token, body }));
      $("back-channel-text").value = "";
    });
    $("back-channel-text").focus();
  }
}
