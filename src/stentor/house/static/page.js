// What both pages share: texts, times, small ways to build elements, and asking the API.

import { $, element } from "./shared/element.js";
import { remember } from "./shared/remembered.js";
import { sure as asked } from "./shared/sure.js";
import { filled, locale } from "./shared/texts.js";

export { $, element };

/** @type {Record<string, string>} */
const words = JSON.parse($("house-texts").textContent);

const who = document.querySelector(".who");
if (who) remember(who.querySelector('[href="/account"]') !== null);
const { timeZone } = Intl.DateTimeFormat().resolvedOptions(); // times stand in it also on pages where no script runs
document.cookie = `stentor-zone=${encodeURIComponent(timeZone)}; Path=/; Max-Age=31536000; SameSite=Lax`;

/**
 * The text of `key` in the page's language, with {names} filled in.
 * @param {string} key
 * @param {TextValues} [values]
 */
export function text(key, values = {}) {
  return filled(words[key] ?? key, values);
}

/**
 * A wall-clock time (ms since 1970) in the reader's own way and zone.
 * @param {number} ms
 */
export function when(ms) {
  const near = Math.abs(Date.now() - ms) < 18 * 3600e3;
  /** @type {Intl.DateTimeFormatOptions} */
  const format = near ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(locale(), format).format(ms);
}

/**
 * @param {string} label
 * @param {(pressed: HTMLButtonElement) => unknown} action
 * @param {Record<string, any>} [properties]
 */
export function button(label, action, properties = {}) {
  const made = element("button", { type: "button", ...properties }, label);
  made.addEventListener("click", () => action(made));
  return made;
}

/**
 * Whether somebody says yes to a question about what cannot be undone; `yes` is the button's word.
 * @param {string} question
 * @param {string} yes
 */
export const sure = (question, yes, harm = true) => asked(question, { yes, no: text("do.not"), harm });

/**
 * An address in a field that is easily copied; `name` is what it leads to.
 * @param {string} address
 * @param {string} name
 */
export function link(address, name) {
  const field = element("input", { readOnly: true, value: address, ariaLabel: name });
  field.addEventListener("focus", () => field.select());
  const copy = button(text("do.copy"), async () => {
    field.select();
    await navigator.clipboard?.writeText(address);
    copy.textContent = text("do.copied");
  });
  return element("div", { className: "link" }, field, copy);
}

/** @param {string} sentence */
const capital = (sentence) => sentence.charAt(0).toLocaleUpperCase(document.documentElement.lang) + sentence.slice(1);

/**
 * The three lights of a space as list items, each with its sentence.
 * @param {Lights | null} all
 */
export function lights(all) {
  return Object.entries(all ?? {}).map(([name, { color, reason }]) => light(color, capital(`${text(`lights.${name}`)}: ${text(`reason.${reason}`)}`)));
}

/**
 * One light: a colour, and a sentence for those who do not see it.
 * @param {string} color
 * @param {string} sentence
 */
export const light = (color, sentence) => element("li", { dataset: { light: color } }, sentence);

/**
 * What is wrong, as the house says it in the language of the page, or as an edge that could not ask it.
 * @param {number} status
 * @param {Problem} problem
 * @param {number} seconds
 */
const reason = (status, { sentence, code, detail, title }, seconds) =>
  sentence ?? (words[`problem.${code}`] ? text(`problem.${code}`, { seconds }) : detail ?? title ?? String(status));

/** A refusal of the API: the problem document (RFC 9457), or status 0 when the house did not answer. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {Problem} problem
   */
  constructor(status, problem, retryAfter = 0) {
    super(reason(status, problem, retryAfter));
    this.status = status;
    this.code = problem.code ?? "";
    this.decision = problem.decision ?? "";
    this.retryAfter = retryAfter;
  }
}

/**
 * Asks the API and gives the JSON of its answer; throws `Refused`. A token goes before the session's cookie.
 * With `stream`, a signal that ends it, gives the answer's body as it comes.
 * @param {string} method
 * @param {string} path
 * @param {{ token?: string, body?: unknown, file?: Blob, timeout?: number, stream?: AbortSignal }} [how]
 * @returns {Promise<any>}
 */
export async function ask(method, path, { token = "", body, file, timeout = 8000, stream } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: stream ? "text/event-stream" : "application/json", "Accept-Language": document.documentElement.lang };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method, headers, cache: "no-store", credentials: "same-origin",
      body: body === undefined ? file : JSON.stringify(body),
      signal: stream ?? AbortSignal.timeout(timeout),
    });
  } catch {
    throw new Refused(0, { detail: text("error.house") });
  }
  if (stream && answer.ok) return answer.body;
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, told, Number(answer.headers.get("Retry-After")) || 0);
  return told;
}

/**
 * Does `work` with one value after the other, and of those that come meanwhile with the newest alone.
 * @template T
 * @param {(value: T) => unknown} work
 * @returns {(value: T) => Promise<void>}
 */
export function latest(work) {
  let busy = false;
  /** @type {T[]} */
  let waiting = [];
  return async (value) => {
    waiting = [value];
    if (busy) return;
    busy = true;
    try {
      for (let next = waiting.splice(0); next.length; next = waiting.splice(0)) await work(/** @type {T} */ (next[0]));
    } finally {
      busy = false;
    }
  };
}

/** @param {number} ms */
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Around `ms`, so that many pages do not come at the same moment.
 * @param {number} ms
 */
export const about = (ms) => ms * (0.75 + Math.random() / 2);
