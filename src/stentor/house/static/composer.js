// Where one writes: how much room is left, pictures with a description, and nothing that was typed is lost.

import { $, element, text } from "./page.js";
import { Attachments } from "./attachments.js";
import { localise, ownZone } from "./post-times.js";
import { send, wrongOf } from "./sending.js";
import { toast } from "./shared/toast.js";
import { locale } from "./shared/texts.js";
import { forgetUnsent, keepUnsent, unsent } from "./unsent.js";

const LINK = /https?:\/\/[^\s<>"]+/g;
const LINK_LENGTH = 23;
const NEAR = 50;
const FIELDS = ["text", "warning", "visibility", "language", "answer0", "answer1", "answer2", "answer3", "open_s", "space", "at"];

/** @type {Intl.Segmenter | undefined} */
const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : undefined;

/**
 * Characters as people count them; a link counts 23. The server decides.
 * @param {string} said
 */
export function length(said) {
  const plain = said.trim().replace(/\r\n/g, "\n");
  const links = plain.match(LINK)?.length ?? 0;
  const rest = plain.replace(LINK, "");
  return links * LINK_LENGTH + (segmenter ? [...segmenter.segment(rest)].length : [...rest].length);
}

/**
 * All forms for posts, and fields for times, below an element.
 * @param {ParentNode} root
 */
export function begin(root) {
  for (const each of root.querySelectorAll("form[data-compose]")) new Composer(/** @type {HTMLFormElement} */ (each));
  for (const each of root.querySelectorAll("form:not([data-compose]):has(input[type='datetime-local'])")) ownZone(/** @type {HTMLFormElement} */ (each), text("home.your_time"));
}

export class Composer {
  #busy = false;

  /**
   * `done` is told the address that the server leads to, and says whether that is all that is to be done.
   * @param {HTMLFormElement} form
   * @param {(address: string) => Promise<boolean>} [done]
   */
  constructor(form, done = async () => false) {
    this.form = form;
    this.done = done;
    /** @type {HTMLTextAreaElement} */
    this.field = this.#named("text");
    this.count = /** @type {HTMLElement} */ (form.querySelector("[data-left]"));
    this.wrong = /** @type {HTMLElement} */ (form.querySelector("[role='alert']"));
    this.attachments = new Attachments(form, { changed: () => this.#changed(), wrong: (said) => this.#say(said) });
    ownZone(form, text("home.your_time"));
    this.#languages();
    this.#restore();
    form.addEventListener("input", () => this.#changed());
    form.addEventListener("change", () => this.#changed());
    form.addEventListener("submit", (event) => this.#submit(event));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit(/** @type {HTMLElement} */ (form.querySelector("button.primary[value='post']")));
      }
    });
    this.#measure();
  }

  focus() {
    this.field.focus();
    this.form.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} name @returns {any} */
  #named(name) {
    return this.form.elements.namedItem(name);
  }

  get #name() {
    return `${this.form.dataset.who}:${this.form.dataset.context}`;
  }

  #measure() {
    const left = Number(this.form.dataset.longest) - length(this.field.value);
    this.count.textContent = left < 0 ? text("home.too_long", { count: -left }) : text("home.characters_left", { count: left });
    this.count.setAttribute("aria-live", left < NEAR ? "polite" : "off");
    this.count.classList.toggle("over", left < 0);
  }

  #changed() {
    this.#measure();
    const pictures = this.attachments.all;
    if (!this.field.value.trim() && !pictures.length) return forgetUnsent(this.#name);
    return keepUnsent(this.#name, { fields: Object.fromEntries(FIELDS.map((name) => [name, this.#named(name)?.value ?? ""])), pictures });
  }

  /** What was written here and not sent comes back, unless the server knows better. */
  #restore() {
    const kept = this.wrong.hidden ? unsent(this.#name) : null;
    if (!kept || (kept.fields.text === this.field.value && !kept.pictures.length)) return;
    for (const name of FIELDS) {
      const field = this.#named(name);
      if (field && kept.fields[name]) {
        field.value = kept.fields[name];
        const tool = field.closest("details");
        if (tool && (name !== "open_s")) tool.open = true;
      }
    }
    this.attachments.restore(kept.pictures);
    this.#named("at")?.dispatchEvent(new Event("input"));
    const drop = element("button", { type: "button", className: "small bare" }, text("home.draft_drop"));
    const note = element("p", { className: "kept hint", role: "status" }, text("home.draft_back"), drop);
    drop.addEventListener("click", () => {
      forgetUnsent(this.#name);
      this.form.reset();
      this.attachments.clear();
      note.remove();
      this.#measure();
      this.field.focus();
    });
    this.form.prepend(note);
  }

  #languages() {
    const select = /** @type {HTMLSelectElement | null} */ (this.form.querySelector("[data-languages]"));
    if (!select) return;
    const names = new Intl.DisplayNames(locale(), { type: "language", fallback: "code" });
    const [none, ...rest] = select.options;
    for (const each of rest) each.textContent = names.of(each.value) ?? each.value;
    const chosen = select.value;
    rest.sort((one, other) => one.text.localeCompare(other.text, locale()));
    select.replaceChildren(none, ...rest);
    select.value = chosen;
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    const by = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (by?.name === "out" || by?.dataset.plain !== undefined) return;
    event.preventDefault();
    if (this.#busy) return;
    this.#busy = true;
    by?.setAttribute("aria-busy", "true");
    try {
      await this.attachments.all_there;
      const found = await send(this.form, { by });
      const wrong = wrongOf(found);
      if (wrong) return this.#say(wrong);
      forgetUnsent(this.#name);
      const { pathname } = new URL(found.answer.url);
      if (!await this.done(pathname)) this.#go(found.answer.url, found.page);
    } catch (error) {
      this.#say(error.message);
    } finally {
      this.#busy = false;
      by?.removeAttribute("aria-busy");
    }
    return undefined;
  }

  /**
   * To the page that the server leads to; where that is this one, it is shown in place.
   * @param {string} address
   * @param {Document} page
   */
  #go(address, page) {
    const here = document.querySelector(".middle"), there = page.querySelector(".middle");
    if (new URL(address).pathname !== location.pathname || !here || !there || !$("main")) return location.assign(address);
    const timelines = [here, there].map((each) => each.querySelector("[data-timeline]"));
    const form = there.querySelector("form[data-compose]");
    if (!timelines[0] || !timelines[1] || !form) return location.assign(address);
    timelines[0].replaceChildren(...timelines[1].childNodes);
    localise(timelines[0]);
    here.querySelector(".empty")?.remove();
    this.form.replaceWith(form);
    new Composer(/** @type {HTMLFormElement} */ (form), this.done);
    toast(text("home.posted"));
    /** @type {HTMLElement} */ (form.querySelector("textarea")).focus({ preventScroll: true });
    return undefined;
  }

  /** @param {string} said */
  #say(said) {
    this.wrong.textContent = said;
    this.wrong.hidden = !said;
    if (said) this.wrong.scrollIntoView({ block: "nearest" });
  }
}
