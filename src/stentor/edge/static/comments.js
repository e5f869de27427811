// What people write beside the space: the newest comments, asked for only while somebody looks at them.

import { commentRow, fill } from "./shared/comment.js";
import { guest, writeAsGuest } from "./shared/guest.js";
import { between } from "./shared/pace.js";

/** @type {Pace} */
const AWAY_S = [10, 20];
/** @type {Record<Chat["state"], string | undefined>} */
const CLOSED = { open: undefined, off: "comments_off", crowded: "comments_crowded" };

export class Comments {
  #read = "";
  #timer = 0;
  #askedAt = -Infinity;
  /** @type {Pace} */
  #pace = [3, 6];

  /**
   * `panel` is the element that opens and closes; `say` is the page's texts, `language` tells the reader's.
   * @param {{ panel: any, say: Say, language: () => string }} page
   */
  constructor({ panel, say, language }) {
    this.panel = panel;
    this.say = say;
    this.language = language;
    this.said = panel.querySelector("[role=status]");
    this.list = panel.querySelector("[role=log]");
    this.write = panel.querySelector("#comments-write");
    this.form = panel.querySelector("form");
    this.sent = panel.querySelector("#guest-said");
    this.form.elements.name.value = guest().name;
    this.form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#send();
    });
    document.addEventListener("visibilitychange", () => this.#plan());
  }

  /**
   * Where comments are read and written, as the door says; null when there are none.
   * @param {CommentAddresses | null} addresses
   */
  offer(addresses) {
    this.#read = addresses?.read ?? "";
    this.write.hidden = !addresses?.write;
    if (addresses?.write) this.write.querySelector("a").href = addresses.write;
    this.#plan();
  }

  async #send() {
    const { name, text } = this.form.elements;
    const space = this.write.querySelector("a").href.split("/").pop();
    this.sent.textContent = "";
    try {
      const { held } = await writeAsGuest(space, { name: name.value, text: text.value });
      text.value = "";
      this.sent.textContent = this.say(held ? "guest_held" : "guest_sent");
    } catch (error) {
      const elsewhere = error.status === 404; // no house behind this address: its own page takes it
      const said = error.status && error.message; // nothing, where an edge could not ask the house
      this.sent.textContent = elsewhere ? this.say("guest_elsewhere") : said || this.say("guest_away");
    }
    text.focus();
  }

  get #looked() {
    return this.#read && this.panel.open && !document.hidden;
  }

  // The next question at a random moment of the pace that the last answer has set: a crowd does not come at once.
  #plan() {
    clearTimeout(this.#timer);
    if (!this.#looked) return;
    const due = this.#askedAt + between(this.#pace);
    this.#timer = setTimeout(() => this.#ask(), Math.max(0, due - performance.now()));
  }

  async #ask() {
    this.#askedAt = performance.now();
    try {
      const reply = await fetch(this.#read, { signal: AbortSignal.timeout(8000) });
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      this.#show(await reply.json());
    } catch {
      this.#pace = AWAY_S;
      this.#tell("comments_away");
    }
    this.#plan();
  }

  /** @param {Chat} chat */
  #show({ state, retry_s: pace, guests, comments }) {
    this.#pace = pace;
    this.form.hidden = !(guests && state === "open" && !this.write.hidden);
    fill(this.list, comments, (comment) => this.#row(comment));
    this.#tell(CLOSED[state] ?? (comments.length ? "" : "comments_none"));
  }

  /** @param {CommentView} comment */
  #row(comment) {
    const when = new Intl.DateTimeFormat(this.language(), { timeStyle: "short" }).format(comment.at_ms);
    return commentRow(comment, { role: this.say(comment.handle ? comment.role : "guest"), when });
  }

  /** @param {string} key */
  #tell(key) {
    const sentence = key && this.say(key);
    if (this.said.textContent !== sentence) this.said.textContent = sentence;
  }
}
