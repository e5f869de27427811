// Comments on the stage's page: what is written, who is shut out, and the rules, for those who keep order.

import { $, ask, button, element, sure, text } from "./page.js";
import { orders, row } from "./comment-row.js";
import { Guests } from "./guests.js";
import { fill } from "./shared/comment.js";

const SWITCHES = ["auto", "on", "off"];
const LOOK_MS = 1500; // so often at most, however much is written

export class Moderation {
  #timer = 0;
  #rules = "";
  #comments = "";

  /**
   * `command` runs an action and shows what does not work; `change` sets the rules.
   * @param {ChangingPartOptions} page
   */
  constructor({ space, token, command, change }) {
    this.space = space;
    this.token = token;
    this.command = command;
    this.change = change;
    this.may = false;
    this.guests = new Guests({ space, token, command });
    $("comments-rules").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#save();
    });
    $("comments-switch").append(...SWITCHES.map((value) => element("option", { value }, "")));
  }

  /**
   * Shows itself to whoever keeps order, with what was written before.
   * @param {SpaceView} view
   */
  look(view) {
    const may = view.you.may.includes("comments");
    $("comments-moderation").hidden = !may;
    if (may) $("comments").hidden = false;
    if (may && !this.may) this.#read();
    this.may = may;
    const rules = JSON.stringify([view.state, view.comments, view.comment_slow_s, may]); // the doors open them, too
    if (rules === this.#rules) return;
    this.#rules = rules;
    $("comments-switch").value = view.comments;
    $("comments-slow").value = view.comment_slow_s;
    if (may) this.news();
  }

  /** Comments came or went. */
  news() {
    if (!this.may || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#read();
    }, LOOK_MS);
  }

  async #read() {
    try {
      this.#draw(await this.#ask("GET", "comments"));
      await this.guests.read();
    } catch {
      // the house is away; the next comment brings these too
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  #ask(method, path, body) {
    return ask(method, `/spaces/${this.space}/${path}`, { token: this.token, body });
  }

  /** @param {ModerationView} view */
  #draw({ state, limit, words, comments, silenced }) {
    const now = JSON.stringify([state, limit, words, comments, silenced]);
    if (now === this.#comments) return;
    this.#comments = now;
    $("comments-said").textContent = state === "open" ? (comments.length ? "" : text("comments.none")) : text(`comments.${state}`);
    for (const option of $("comments-switch").options) option.textContent = text(`comments.switch_${option.value}`, { limit });
    if (document.activeElement !== $("comments-words")) $("comments-words").value = words.join("\n");
    fill($("comments-log"), comments, (comment) => row(comment, [
      ["comments.remove", () => this.#do(...orders(comment).remove)],
      ["comments.silence", () => this.#silence(comment)],
    ]));
    $("comments-out").hidden = !silenced.length;
    $("silenced").replaceChildren(...silenced.map(({ handle, name }) => element("li", {},
      element("strong", {}, element("bdi", {}, name)), element("span", { className: "quiet" }, `@${handle}`),
      element("span", { className: "buttons" },
        button(text("ban.lift"), () => this.#do("DELETE", `silenced/${handle}`), { ariaLabel: `${text("ban.lift")}: ${name}` })))));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  #do(method, path, body) {
    return this.command(async () => {
      await this.#ask(method, path, body);
      await this.#read();
    });
  }

  /** @param {CommentView} comment */
  async #silence(comment) {
    const question = text("comments.sure", { name: comment.name });
    if (await sure(question, text("comments.silence"))) await this.#do(...orders(comment).silence);
  }

  #save() {
    const words = $("comments-words").value.split(/[\n,]/).map((/** @type {string} */ word) => word.trim()).filter(Boolean);
    return this.change({ comments: $("comments-switch").value, comment_slow_s: Number($("comments-slow").value), comment_words: words });
  }
}
