// Polls, and questions of the audience with votes: loaded by those who open them, or once somebody asks the audience.

import { element } from "./shared/element.js";
import { guest, writeAsGuest } from "./shared/guest.js";
import { between } from "./shared/pace.js";
import { filled } from "./shared/texts.js";
import { WORDS } from "./asked-words.js";

const PATIENCE_MS = 8000;
/** @type {Pace} */
const AWAY_S = [10, 20];
const AGAIN_S = 1.2; // so soon after a vote its number is there

// A sheet of its own: the page's is loaded before the sound.
const LOOKS = [
  ".asked { margin: 0; padding: 0; list-style: none; }",
  ".asked > .now { padding: var(--s2) var(--s3); border-inline-start: 4px solid var(--live); border-radius: var(--r-s); background: var(--sunken); }",
  ".asked.rows > li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--s3); align-items: start; padding-block: var(--s2); }",
  ".asked.rows > li > span { padding-block-start: .3rem; overflow-wrap: anywhere; }",
  ".asked .poll { margin-block: var(--s3); }",
  ".asked h3 { margin: 0 0 var(--s2); font-size: var(--t-md); overflow-wrap: anywhere; }",
  ".asked .answers { display: grid; gap: var(--s2); margin: 0; padding: 0; list-style: none; }",
  ".asked .answers > li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--s1) var(--s3); align-items: center; }",
  ".asked .answers button { justify-content: start; min-height: var(--tap); height: auto; text-align: start; white-space: normal; overflow-wrap: anywhere; }",
  ".asked .part { grid-column: 1 / -1; height: .375rem; overflow: hidden; border-radius: .25rem; background: var(--sunken); }",
  ".asked .part i { display: block; height: 100%; background: var(--talk); }",
].join("");

export class Asked {
  /** @type {AskedOffer | null} */
  #offer = null;
  /** @type {AskedDocument | null} */
  #told = null;
  #drawn = "";
  #timer = 0;
  /** @type {Pace} */
  #pace = [3, 6];
  /** @type {{ ticket: string, votes: Record<string, number> }} */
  #kept = { ticket: "", votes: {} };

  /**
   * `panel` is the element that opens and closes; `language` tells the reader's.
   * @param {{ panel: any, space: string, language: () => string }} page
   */
  constructor({ panel, space, language }) {
    this.panel = panel;
    this.space = space;
    this.language = language;
    this.key = `stentor.votes.${space}`;
    try {
      this.#kept = { ...this.#kept, ...JSON.parse(localStorage.getItem(this.key) ?? "{}") };
    } catch {
      // this browser keeps nothing: one may vote all the same, until the page is closed
    }
    this.now = element("div", { className: "asked" });
    this.list = element("ol", { className: "asked rows" });
    this.said = element("p", { role: "status" });
    this.form = this.#makeForm();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LOOKS);
    document.adoptedStyleSheets.push(sheet);
    panel.append(this.now, this.list, this.form, this.said);
    panel.addEventListener("toggle", () => this.#plan(0));
    document.addEventListener("visibilitychange", () => this.#plan());
  }

  /**
   * What the door says of it; null when there is nothing.
   * @param {AskedOffer | null} offer
   */
  offer(offer) {
    const news = offer?.changed !== this.#offer?.changed;
    this.#offer = offer;
    this.#plan(news ? Math.random() : undefined);
  }

  /**
   * @param {string} key
   * @param {TextValues} values
   */
  #say(key, values = {}) {
    const words = /** @type {Record<string, string>} */ (WORDS[this.language().startsWith("de") ? "de" : "en"]);
    return filled(words[key] ?? "", values);
  }

  /** @param {number} [wait] */
  #plan(wait) {
    clearTimeout(this.#timer);
    if (!this.#offer || !this.panel.open || document.hidden) return;
    this.#timer = setTimeout(() => this.#read(), 1000 * (wait ?? between(this.#pace) / 1000));
  }

  async #read() {
    try {
      const reply = await fetch(this.#offer?.read ?? "", { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      this.show(await reply.json());
      this.#pace = this.#told?.retry_s ?? AWAY_S;
    } catch {
      this.#pace = AWAY_S;
      this.#tell("away");
    }
    if (this.#offer?.vote) this.#plan();
  }

  /** @param {AskedDocument} told what there is to vote on, and what came of it */
  show(told) {
    this.#told = told;
    this.#draw();
  }

  #draw() {
    const told = this.#told;
    const drawn = JSON.stringify([told, this.#kept.votes, this.language()]);
    if (!told || drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focus = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.vote;
    this.now.replaceChildren(...told.taken.toReversed().map((taken) => this.#taken(taken)), ...told.polls.map((poll) => this.#poll(poll)));
    this.list.replaceChildren(...told.questions.map((question) => this.#question(question)));
    this.form.hidden = !(told.open && this.#offer?.write);
    this.form.elements.name.closest("label").hidden = !told.guests;
    if (focus) /** @type {HTMLElement | null} */ (this.panel.querySelector(`[data-vote="${focus}"]`))?.focus();
    const nothing = !told.polls.length && !told.questions.length && !told.taken.length;
    this.#tell(nothing ? "nothing" : "");
  }

  /** @param {AskedDocument["taken"][number]} taken */
  #taken({ text, to_ms: to }) {
    const state = element("b", {}, this.#say(to === null ? "answering" : "answered"));
    return element("p", { className: to === null ? "now" : "" }, state, " ", text);
  }

  /** @param {AskedDocument["polls"][number]} poll */
  #poll({ id, question, answers, counts, closed_ms: closed }) {
    const all = (counts ?? []).reduce((sum, count) => sum + count, 0);
    const rows = answers.map((answer, at) => {
      const mine = this.#kept.votes[`p${id}`] === at + 1;
      const share = counts && all ? counts[at] / all : 0;
      const number = counts ? element("span", { className: "soft" }, this.#share(share, counts[at])) : "";
      const bar = counts ? element("span", { className: "part", ariaHidden: "true" }, element("i", { style: `width: ${Math.round(100 * share)}%` })) : "";
      if (closed !== null) return element("li", {}, element("span", {}, answer), number, bar);
      const choose = element("button", { type: "button", className: "small", ariaPressed: String(mine), onclick: () => this.#vote(`p${id}`, mine ? 0 : at + 1) }, answer);
      choose.dataset.vote = `p${id}.${at + 1}`;
      return element("li", {}, choose, number, bar);
    });
    const state = closed !== null ? this.#say("result", { count: this.#number(all) }) : counts ? this.#say("open", { count: this.#number(all) }) : this.#say("open_hidden");
    return element("section", { className: "poll", ariaLabel: question }, element("h3", {}, question), element("ul", { className: "answers" }, ...rows), element("p", { className: "soft small" }, state));
  }

  /** @param {AskedDocument["questions"][number]} question */
  #question({ id, name, text, votes }) {
    const ballot = `q${id}`;
    const mine = this.#kept.votes[ballot] === 1;
    const label = this.#say("vote_for", { count: this.#number(votes), text });
    const press = element("button", { type: "button", className: "small", ariaPressed: String(mine), ariaLabel: label, onclick: () => this.#vote(ballot, mine ? 0 : 1) }, `▲ ${this.#number(votes)}`);
    press.dataset.vote = ballot;
    return element("li", {}, press, element("span", {}, text, " ", element("span", { className: "soft small" }, name)));
  }

  /** @param {number} count */
  #number(count) {
    return new Intl.NumberFormat(this.language()).format(count);
  }

  /**
   * @param {number} share
   * @param {number} count
   */
  #share(share, count) {
    const percent = new Intl.NumberFormat(this.language(), { style: "percent", maximumFractionDigits: 0 }).format(share);
    return `${percent} · ${this.#number(count)}`;
  }

  /**
   * @param {string} ballot
   * @param {number} choice
   */
  async #vote(ballot, choice) {
    try {
      if (!this.#kept.ticket) await this.#fetchTicket();
      let reply = await this.#send(ballot, choice);
      if (reply.status === 403) {
        await this.#fetchTicket();
        reply = await this.#send(ballot, choice);
      }
      if (!reply.ok) throw Object.assign(new Error(), { code: (await reply.json().catch(() => ({}))).code });
      this.#kept.votes[ballot] = choice;
      this.#keep();
      this.#draw();
      this.#tell(choice ? "voted" : "taken_back");
      this.#plan(AGAIN_S);
    } catch (error) {
      this.#tell(error.code === "not-asked" ? "closed" : error.code === "too-fast" ? "too_fast" : "away");
    }
  }

  /**
   * @param {string} ballot
   * @param {number} choice
   */
  #send(ballot, choice) {
    const address = `${this.#offer?.vote}${ballot}.${choice}?ticket=${this.#kept.ticket}`;
    return fetch(address, { method: "POST", signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  async #fetchTicket() {
    const reply = await fetch(`/s/${this.space}/ticket`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    this.#kept.ticket = (await reply.json()).ticket;
    this.#keep();
  }

  #keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.#kept));
    } catch {
      // until the page is closed
    }
  }

  #makeForm() {
    const name = element("input", { name: "name", maxLength: 80, autocomplete: "nickname", value: guest().name });
    const text = element("input", { name: "text", required: true, maxLength: 280, autocomplete: "off" });
    const form = element("form", { className: "row", hidden: true }, element("label", {}, this.#say("name"), " ", name), element("label", {}, this.#say("question"), " ", text), element("button", { className: "small" }, this.#say("ask")));
    form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#ask(name, text);
    });
    return /** @type {any} */ (form);
  }

  /**
   * With the account that is signed in, else as a guest.
   * @param {any} name
   * @param {any} text
   */
  async #ask(name, text) {
    try {
      const body = JSON.stringify({ text: text.value, question: true });
      const reply = await fetch(`/api/v1/spaces/${this.space}/comments`, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang }, body, signal: AbortSignal.timeout(PATIENCE_MS) });
      const answer = await reply.json().catch(() => ({}));
      if (reply.ok) this.#tell("sent");
      else if (reply.status !== 401) throw Object.assign(new Error(answer.sentence), { status: reply.status });
      else if (!this.#told?.guests) return this.#tell("sign_in");
      else if (!name.value.trim()) return name.focus();
      else this.#tell((await writeAsGuest(this.space, { name: name.value, text: text.value, question: true })).held ? "held" : "sent");
      text.value = "";
      this.#plan(AGAIN_S);
    } catch (error) {
      this.said.textContent = (error.status && error.message) || this.#say("away");
    }
  }

  /** @param {string} key */
  #tell(key) {
    const sentence = key && this.#say(key);
    if (this.said.textContent !== sentence) this.said.textContent = sentence;
  }
}
