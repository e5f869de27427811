// A file that somebody imports is sent with a bar that shows how far it is. An archive goes up in parts: after a break it
// goes on where it was, by itself, or when the same file is chosen again. Without this script the form sends it whole.

import { ask, pause, Refused, text } from "./page.js";
import { locale } from "./shared/texts.js";

const MOST_BYTES = 4 * 1024 * 1024;
const LEAST_BYTES = 256 * 1024;
const STALLED_MS = 30_000;
const STORED_MS = 1_800_000;
const AGAIN_MS = 10_000;
const STEPS = 4; // so often a screen reader says how far it is
const KEPT = "stentor-upload";

/** @typedef {{ id: string, received: number, most_bytes: number }} Upload */

/** The form of imports, if there is one on the page. */
export function followUpload() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-upload]"));
  if (form) new Sender(form);
}

/** The connection did not hold. */
class Broken extends Error {}

/** Somebody has pressed the button. */
class Cancelled extends Error {}

class Sender {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    const card = /** @type {HTMLElement} */ (form.parentElement);
    /** @type {(selector: string) => any} */
    const $ = (selector) => card.querySelector(selector);
    this.box = $("[data-under-way]");
    this.bar = $("progress");
    this.far = $("[data-far]");
    this.said = $("[data-said]");
    this.goOn = $("[data-go-on]");
    this.stop = $("[data-cancel]");
    this.number = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1, minimumFractionDigits: 1 });
    this.file = new File([], "");
    this.step = 0;
    this.part = MOST_BYTES; // half of it after each break: what goes through counts
    /** @type {XMLHttpRequest | null} */
    this.request = null;
    this.cancelled = false;
    this.leave = (/** @type {Event} */ event) => event.preventDefault();
    this.stop.addEventListener("click", () => {
      this.cancelled = true;
      this.request?.abort();
      this.goOn.click();
    });
    form.addEventListener("submit", (event) => {
      const chosen = /** @type {HTMLInputElement} */ (form.elements.namedItem("file")).files?.[0];
      if (!chosen) return;
      event.preventDefault();
      void this.#begin(chosen);
    });
  }

  /** @param {File} file */
  async #begin(file) {
    const kind = /** @type {HTMLSelectElement} */ (this.form.elements.namedItem("kind")).value;
    this.file = file;
    this.step = 0;
    this.part = MOST_BYTES;
    this.cancelled = false;
    this.box.querySelector("[data-name]").textContent = file.name;
    this.#under(true);
    this.#shown(0);
    try {
      if (kind === "archive" || !(kind || /\.(csv|txt)$/i.test(file.name))) await this.#archive();
      else await this.#send(`/imports/list?${new URLSearchParams({ name: file.name, ...(kind && { of: kind }) })}`, file, 0);
      removeEventListener("beforeunload", this.leave);
      location.assign(location.pathname); // where the bar of the import is
    } catch (error) {
      this.#under(false);
      if (error instanceof Cancelled || this.cancelled) this.said.textContent = text("imports.cancelled");
      else if (error instanceof Refused && error.status === 401) this.said.textContent = text("imports.signed_out");
      else if (error instanceof Refused || error instanceof Broken) this.said.textContent = error.message;
      else throw error;
    }
  }

  async #archive() {
    let upload = await this.#patiently(() => this.#known());
    while (upload.received < this.file.size) {
      const { id, received, most_bytes: most } = upload;
      const part = this.file.slice(received, received + Math.min(this.part, most));
      this.#shown(received);
      upload = await this.#patiently(
        () => this.#send(`/imports/uploads/${id}?at=${received}`, part, received),
        () => ask("GET", `/imports/uploads/${id}`),
      );
      this.part = Math.min(2 * this.part, MOST_BYTES);
    }
    this.stop.hidden = true;
    this.bar.removeAttribute("value");
    this.said.textContent = text("imports.stored");
    const asked = new URLSearchParams({ name: this.file.name, upload: upload.id });
    await this.#patiently(() => this.#send(`/imports/archive?${asked}`, new Blob(), -1)).catch((error) => {
      if (!(error instanceof Refused && error.status === 404)) throw error; // else it is there: only the answer was lost
    });
    localStorage.removeItem(KEPT);
  }

  /**
   * The upload of this file that came to no end, or a new one.
   * @returns {Promise<Upload>}
   */
  async #known() {
    const { name, size, lastModified } = this.file, named = JSON.stringify([name, size, lastModified]);
    const [id, of] = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    if (of === named) {
      try {
        return await ask("GET", `/imports/uploads/${id}`);
      } catch (error) {
        if (error.status !== 404) throw error;
      }
    }
    const begun = await ask("POST", "/imports/uploads");
    localStorage.setItem(KEPT, JSON.stringify([begun.id, named]));
    return begun;
  }

  /**
   * Until it is done: what a bad connection breaks is tried again, after `look` has told how far it came.
   * @template T
   * @param {() => Promise<T>} work
   * @param {() => Promise<T>} [look]
   * @returns {Promise<T>}
   */
  async #patiently(work, look) {
    for (let next = work; ; ) {
      try {
        const done = await next();
        if (this.cancelled) throw await this.#cancel();
        this.#broken(false);
        return done;
      } catch (error) {
        if (error instanceof Cancelled) throw error;
        if (this.cancelled) throw await this.#cancel();
        const wrong = error instanceof Refused && error.status === 409 && look;
        if (!(wrong || passes(error))) throw error;
        if (!wrong) await this.#wait();
        if (this.cancelled) throw await this.#cancel();
        this.part = Math.max(LEAST_BYTES, this.part / 2);
        if (look) next = look;
      }
    }
  }

  /** For the connection, the button, or some time. */
  async #wait() {
    await this.file.slice(0, 1).arrayBuffer().catch(() => {
      throw new Refused(0, { detail: text("imports.unreadable") });
    });
    this.#broken(true);
    const stop = new AbortController();
    await Promise.race([
      pause(AGAIN_MS),
      new Promise((done) => addEventListener("online", done, { signal: stop.signal })),
      new Promise((done) => this.goOn.addEventListener("click", done, { signal: stop.signal })),
    ]);
    stop.abort();
  }

  async #cancel() {
    const [id] = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    localStorage.removeItem(KEPT);
    if (id) await ask("DELETE", `/imports/uploads/${id}`).catch(() => {}); // it goes by itself after a day
    return new Cancelled();
  }

  /**
   * @param {string} path
   * @param {Blob} body
   * @param {number} before how many bytes of the file are there already; negative when none are sent
   * @returns {Promise<any>}
   */
  #send(path, body, before) {
    const request = this.request = new XMLHttpRequest(); // fetch does not tell how much was sent
    return new Promise((done, failed) => {
      let stalled = setTimeout(() => request.abort(), before < 0 ? STORED_MS : STALLED_MS);
      request.open("PUT", `/api/v1${path}`);
      request.setRequestHeader("Accept-Language", document.documentElement.lang);
      request.responseType = "json";
      if (before >= 0) request.upload.addEventListener("progress", ({ loaded }) => {
        clearTimeout(stalled);
        stalled = setTimeout(() => request.abort(), STALLED_MS);
        this.#shown(before + loaded);
      });
      request.addEventListener("loadend", () => {
        clearTimeout(stalled);
        if (request.status >= 200 && request.status < 300) done(request.response);
        else failed(request.status ? new Refused(request.status, request.response ?? {}) : new Broken(text("imports.not_sent")));
      });
      request.send(body);
    });
  }

  /** @param {number} bytes */
  #shown(bytes) {
    const part = this.file.size ? bytes / this.file.size : 1, step = Math.floor(part * STEPS);
    this.bar.value = part;
    this.far.textContent = text("imports.far_up", { done: this.number.format(bytes / 1e6), all: this.number.format(this.file.size / 1e6) });
    this.bar.setAttribute("aria-valuetext", this.far.textContent);
    if (step <= this.step || step === STEPS) return;
    this.step = step;
    this.said.textContent = text("imports.percent_up", { percent: (100 * step) / STEPS });
  }

  /** @param {boolean} broken */
  #broken(broken) {
    if (this.goOn.hidden !== broken) return;
    this.goOn.hidden = !broken;
    this.said.textContent = text(broken ? "imports.broken" : "imports.goes_on");
  }

  /** @param {boolean} way */
  #under(way) {
    [this.form.hidden, this.box.hidden, this.goOn.hidden] = [way, !way, true];
    this.said.textContent = "";
    this.stop.hidden = false;
    if (way) addEventListener("beforeunload", this.leave);
    else removeEventListener("beforeunload", this.leave);
    (way ? this.stop : this.form.querySelector("input")).focus();
  }
}

/** @param {unknown} error whether trying again may help */
const passes = (error) => error instanceof Broken || (error instanceof Refused && (error.status === 0 || error.status === 408 || error.status >= 500));
