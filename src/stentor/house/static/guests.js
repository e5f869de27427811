// On the stage's page: what guests wrote and waits for an answer, and whom those who keep order have judged.

import { $, ask, button, element, sure, text } from "./page.js";
import { row } from "./comment-row.js";
import { fill } from "./shared/comment.js";

export class Guests {
  #drawn = "";

  /** @param {PartOptions} page */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    const all = button(text("guests.refuse_all"), async () => await sure(text("guests.sure_all"), text("guests.refuse_all")) && this.#do("DELETE", "guest-comments"));
    $("held-buttons").append(all);
  }

  async read() {
    this.#draw(await this.#ask("GET", "guest-comments"));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, unknown>} [body]
   */
  #ask(method, path, body) {
    return ask(method, `/spaces/${this.space}/${path}`, { token: this.token, body });
  }

  /** @param {GuestModeration} found */
  #draw(found) {
    const now = JSON.stringify(found);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const { opens, held, guests } = found;
    $("held").hidden = !(opens || held.length);
    $("held-said").textContent = text(held.length ? "guests.count" : "guests.nothing", { count: held.length });
    $("held-buttons").hidden = $("held-log").hidden = !held.length;
    const at = $("held-log").scrollTop; // the oldest waits first: new ones must not push it away
    fill($("held-log"), held.map((each) => ({ ...each, handle: "", role: "" })), (comment) => row(comment, this.#acts(comment)));
    $("held-log").scrollTop = at;
    $("guests-judged").hidden = !guests.length;
    $("guests").replaceChildren(...guests.map(({ guest, name, standing }) => element("li", {},
      element("strong", {}, element("bdi", {}, name)), element("span", { className: "quiet" }, text(`guests.${standing}`)),
      element("span", { className: "buttons" },
        button(text("guests.forget"), () => this.#do("DELETE", `guests/${guest}`), { ariaLabel: `${text("guests.forget")}: ${name}` })))));
  }

  /**
   * @param {CommentView} comment
   * @returns {Act[]}
   */
  #acts({ id, name }) {
    const path = `guest-comments/${id}`;
    /** @param {string} verdict */
    const judge = (verdict) => this.#do("PUT", path, { verdict });
    return [
      ["guests.approve", () => judge("approve")],
      ["guests.refuse", () => this.#do("DELETE", path)],
      ["guests.trust", () => judge("trust")],
      ["comments.silence", async () => await sure(text("comments.sure", { name }), text("comments.silence")) && judge("silence")],
    ];
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, unknown>} [body]
   */
  #do(method, path, body) {
    return this.command(async () => this.#draw(await this.#ask(method, path, body)));
  }
}
