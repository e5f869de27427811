// Times of posts in the reader's own way and zone: short ones beside each post, whole ones elsewhere.

import { locale } from "./shared/texts.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** @param {number} ms */
const whole = (ms) => new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(ms);

/** @param {number} count @param {string} unit */
const since = (count, unit) =>
  new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "narrow" }).format(Math.max(1, Math.floor(count)));

/** @param {number} ms */
function short(ms) {
  const age = Date.now() - ms;
  if (age < HOUR_MS) return since(age / MINUTE_MS, "minute");
  if (age < DAY_MS) return since(age / HOUR_MS, "hour");
  if (age < 7 * DAY_MS) return since(age / DAY_MS, "day");
  const year = new Date(ms).getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", year }).format(ms);
}

/**
 * A time as a field for a local time takes it.
 * @param {number} ms
 */
const field = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);

/**
 * Says all times below an element as its reader would.
 * @param {ParentNode} root
 */
export function localise(root) {
  for (const each of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[data-ms]"))) {
    const ms = Number(each.dataset.ms);
    each.textContent = "short" in each.dataset ? short(ms) : whole(ms);
    each.title = whole(ms);
    each.dateTime = new Date(ms).toISOString();
  }
  for (const each of /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("button[data-copy]"))) {
    each.hidden = !navigator.clipboard;
  }
}

/**
 * A form's field for a time: in the reader's own zone from now on, and sent as ms since 1970.
 * @param {HTMLFormElement} form
 * @param {string} label
 */
export function ownZone(form, label) {
  const at = /** @type {HTMLInputElement | null} */ (form.querySelector("input[type='datetime-local']"));
  const sent = /** @type {HTMLInputElement | null} */ (form.querySelector("input[name='at_ms']"));
  if (!at || !sent) return;
  const zone = form.querySelector("[data-zone]");
  if (zone) zone.textContent = label;
  const known = Number(at.dataset.ms || (at.value ? sent.value || Date.parse(`${at.value}Z`) : 0));
  if (known) at.value = field(known);
  const tell = () => { sent.value = at.value ? String(new Date(at.value).getTime()) : ""; };
  at.addEventListener("input", tell);
  tell();
}
