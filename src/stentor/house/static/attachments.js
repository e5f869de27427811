// The pictures of a post that is being written: sent one after the other, shown, described, taken out again.

import { text } from "./page.js";

const MOST_BYTES = 16 * 1024 * 1024;

/** @typedef {{ id: string, alt: string, url: string }} Attached */

export class Attachments {
  /** All that was chosen has been sent, or was refused. */
  all_there = Promise.resolve();

  /**
   * @param {HTMLFormElement} form
   * @param {{ changed: () => void, wrong: (said: string) => void }} tell
   */
  constructor(form, tell) {
    this.form = form;
    this.tell = tell;
    this.most = Number(form.dataset.pictures);
    this.list = /** @type {HTMLElement} */ (form.querySelector("[data-attached]"));
    this.progress = /** @type {HTMLElement} */ (form.querySelector("[data-progress]"));
    this.said = /** @type {HTMLElement} */ (form.querySelector("[data-said]"));
    this.input = /** @type {HTMLInputElement} */ (form.querySelector("input[type='file']"));
    this.input.multiple = true;
    /** @type {HTMLElement} */ (form.querySelector("[data-plain]")).hidden = true;
    this.input.addEventListener("change", () => {
      this.#take(this.input.files);
      this.input.value = "";
    });
    form.addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length) event.preventDefault();
      this.#take(event.clipboardData?.files);
    });
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      this.#take(event.dataTransfer.files);
    });
    this.list.addEventListener("click", (event) => {
      const out = /** @type {Element} */ (event.target).closest("button[name='out']");
      if (!out) return;
      event.preventDefault();
      out.closest("li")?.remove();
      this.said.textContent = text("home.removed_picture");
      this.form.querySelector("textarea")?.focus();
      tell.changed();
    });
  }

  /** @returns {Attached[]} */
  get all() {
    return [...this.list.querySelectorAll("li")].map((each) => ({
      id: each.dataset.picture ?? "",
      alt: each.querySelector("textarea")?.value ?? "",
      url: each.querySelector("img")?.getAttribute("src") ?? "",
    }));
  }

  clear() {
    this.list.replaceChildren();
  }

  /** @param {Attached[]} pictures */
  restore(pictures) {
    const known = new Set(this.all.map(({ id }) => id));
    for (const each of pictures) if (!known.has(each.id)) this.#add(each);
  }

  /** @param {FileList | null | undefined} files */
  #take(files) {
    for (const file of files ?? []) this.all_there = this.all_there.then(() => this.#send(file));
  }

  /** @param {File} file */
  async #send(file) {
    this.tell.wrong("");
    if (this.all.length >= this.most) return this.tell.wrong(text("home.too_many_pictures", { count: this.most }));
    if (!file.type.startsWith("image/")) return this.tell.wrong(text("home.not_a_picture"));
    if (file.size > MOST_BYTES) return this.tell.wrong(text("problem.too-large"));
    const bar = /** @type {HTMLProgressElement} */ (this.progress.querySelector("progress"));
    this.progress.hidden = false;
    this.said.textContent = text("home.uploading");
    const request = new XMLHttpRequest(); // fetch does not tell how much was sent
    request.open("PUT", "/api/v1/media");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => { bar.value = total ? 100 * loaded / total : 0; });
    await new Promise((done) => {
      request.addEventListener("loadend", done);
      request.send(file);
    });
    this.progress.hidden = true;
    this.said.textContent = "";
    if (request.status !== 201) {
      const key = `problem.${request.response?.code}`, said = text(key);
      return this.tell.wrong(said === key ? text("home.picture_failed") : said);
    }
    const { id, small_url: url } = request.response;
    this.#add({ id, alt: "", url }).focus();
    this.said.textContent = text("home.uploaded");
    this.tell.changed();
    return undefined;
  }

  /**
   * @param {Attached} picture
   * @returns {HTMLTextAreaElement}
   */
  #add({ id, alt, url }) {
    const template = /** @type {HTMLTemplateElement} */ (this.form.querySelector("template[data-new-picture]"));
    const row = /** @type {HTMLElement} */ (template.content.cloneNode(true)).querySelector("li");
    if (!row) throw new Error("no template");
    row.dataset.picture = id;
    const field = /** @type {HTMLTextAreaElement} */ (row.querySelector("textarea"));
    [field.name, field.value] = [`picture-${id}`, alt];
    /** @type {HTMLImageElement} */ (row.querySelector("img")).src = url;
    /** @type {HTMLButtonElement} */ (row.querySelector("button")).value = id;
    this.list.append(row);
    return field;
  }
}
