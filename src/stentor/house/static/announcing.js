// Posts that announce a space: chosen where a space is planned, and in its settings.

import { $, ask, element, text } from "./page.js";

/** The fields: whether there are posts, with which words, and at which moments besides the first. */
export class Choice {
  constructor() {
    $("announcing-on").addEventListener("change", () => this.#say());
    /** @type {HTMLInputElement[]} */
    this.moments = [...$("announcing").querySelectorAll("[data-moment]")];
  }

  /** What the house takes. */
  get value() {
    const again = this.moments.filter(({ checked }) => checked).map(({ dataset }) => dataset.moment ?? "");
    return { on: $("announcing-on").checked, words: $("announcing-words").value, again };
  }

  /** @param {{ on: boolean, words: string, again: string[] }} chosen */
  show({ on, words, again }) {
    $("announcing-on").checked = on;
    $("announcing-words").value = words;
    for (const each of this.moments) each.checked = again.includes(each.dataset.moment ?? "");
    this.#say();
  }

  #say() {
    $("announcing-more").hidden = !$("announcing-on").checked;
  }
}

/** The same in the settings of a space, with the posts that there are. */
export class Announcing {
  /** @param {PartOptions} page */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.choice = new Choice();
    this.touched = false;
    this.known = 0; // the version of which the house was asked
    $("announcing-form").addEventListener("input", () => (this.touched = true));
    $("announcing-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#save();
    });
  }

  /** @param {SpaceView} view */
  draw(view) {
    const shown = view.you.may.includes("edit") && view.listed;
    $("announcing-part").hidden = !shown;
    if (shown && $("settings").open && this.known !== view.version) this.#read(view.version);
  }

  /** @param {number} version */
  async #read(version) {
    this.known = version;
    try {
      this.#show(await ask("GET", `/spaces/${this.space}/announcing`, { token: this.token }));
    } catch {
      this.known = 0; // again with the next state
    }
  }

  /** @param {{ on: boolean, words: string, again: string[], posts: { moment: string, post: string }[] }} found */
  #show(found) {
    if (!this.touched) this.choice.show(found);
    const posts = [...new Map(found.posts.map(({ moment, post }) => [post, moment])).entries()];
    $("announcing-posts").replaceChildren(...posts.map(([post, moment]) =>
      element("li", {}, element("a", { href: `/home/posts/${post}` }, text(moment === "first" ? "announcing.first" : `announcing.${moment}`)))));
  }

  #save() {
    return this.command(async () => {
      const found = await ask("PUT", `/spaces/${this.space}/announcing`, { token: this.token, body: this.choice.value });
      this.touched = false;
      this.#show(found);
      $("announcing-said").textContent = text("edit.saved");
    });
  }
}
