// Polls, and the audience's questions, on the stage's page: hosts ask, count, take up what most want to hear.

import { $, ask, button, element, text } from "./page.js";
import { locale } from "./shared/texts.js";

const LOOK_MS = 3000;

export class Polls {
  #drawn = "";
  #timer = 0;
  #may = false;

  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    $("poll-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#open();
    });
    document.addEventListener("visibilitychange", () => this.#plan(0));
  }

  /**
   * What the house says of the space: whether there is anything to ask now.
   * @param {SpaceView} view
   */
  look({ you, state }) {
    const may = you.may.includes("pin");
    const over = ["ended", "replay", "cancelled"].includes(state);
    $("questions").hidden = !you.may.includes("comments") || state === "cancelled";
    $("poll-form").hidden = !may || over;
    if (may === this.#may) return;
    this.#may = may;
    this.#plan(0);
  }

  /** @param {number} wait */
  #plan(wait) {
    clearTimeout(this.#timer);
    if ($("questions").hidden || document.hidden) return;
    this.#timer = setTimeout(() => this.#read(), wait);
  }

  async #read() {
    try {
      this.show(await ask("GET", `/spaces/${this.space}/ballots`, { token: this.token, timeout: 4000 }));
    } catch {
      // the stream of the page tells when the house is away
    }
    this.#plan(LOOK_MS);
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} [body]
   */
  #do(path, body) {
    return this.command(async () => this.show(await ask("POST", `/spaces/${this.space}/${path}`, { token: this.token, body })));
  }

  async #open() {
    const answers = $("poll-answers").value.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean);
    await this.command(async () => {
      this.show(await ask("POST", `/spaces/${this.space}/polls`, { token: this.token, body: { question: $("poll-question").value, answers, live: $("poll-live").checked } }));
      $("poll-form").reset();
    });
  }

  /**
   * @param {BallotsView} told
   * @param {boolean} [may] whether the reader opens polls and takes questions up
   */
  show(told, may = this.#may) {
    this.#may = may;
    const drawn = JSON.stringify([told, may]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const now = told.taken.find(({ to_ms: to }) => to === null);
    $("question-now").replaceChildren(...(now ? [element("b", {}, text("ballots.answering")), " ", now.text, element("span", { className: "buttons" }, this.#button("ballots.finish", `questions/${now.id}/finish`, now.text))] : []));
    $("question-list").replaceChildren(...told.questions.map((question) => this.#question(question)));
    $("question-none").textContent = told.questions.length ? "" : text("ballots.none");
    $("poll-list").replaceChildren(...told.polls.toReversed().map((poll) => this.#poll(poll)));
    $("poll-form").querySelector("button").disabled = told.polls.some(({ closed_ms: closed }) => closed === null);
  }

  /** @param {BallotsView["questions"][number]} question */
  #question({ id, name, text: asked, votes }) {
    const path = id < 0 ? `/spaces/${this.space}/guest-comments/${-id}` : `/spaces/${this.space}/comments/${id}`;
    const remove = async () => {
      await this.command(() => ask("DELETE", path, { token: this.token }));
      this.#plan(0);
    };
    return element("li", {},
      element("b", {}, text("ballots.votes", { count: number(votes) })), " ", asked, " ", element("span", { className: "quiet" }, name),
      element("span", { className: "buttons" },
        this.#may ? this.#button("ballots.take", `questions/${id}/take`, asked) : null,
        button(text("ballots.remove"), remove, { ariaLabel: `${text("ballots.remove")}: ${asked}` })));
  }

  /** @param {BallotsView["polls"][number]} poll */
  #poll({ id, question, answers, counts, closed_ms: closed }) {
    const all = counts.reduce((sum, count) => sum + count, 0);
    const percent = new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 });
    const rows = answers.map((answer, at) => element("li", {}, element("span", {}, answer), element("span", { className: "quiet" }, `${percent.format(all ? counts[at] / all : 0)} · ${number(counts[at])}`)));
    const said = text(closed === null ? "ballots.open" : "ballots.closed", { count: number(all) });
    const close = closed === null && this.#may ? element("span", { className: "buttons" }, this.#button("ballots.close", `polls/${id}/close`, question)) : null;
    return element("li", {}, element("b", {}, question), element("ul", { className: "rows" }, ...rows), element("span", { className: "quiet" }, said), close);
  }

  /**
   * @param {string} key
   * @param {string} path
   * @param {string} about
   */
  #button(key, path, about) {
    return button(text(key), () => this.#do(path), { ariaLabel: `${text(key)}: ${about}` });
  }
}

/** @param {number} count */
const number = (count) => new Intl.NumberFormat(locale()).format(count);
