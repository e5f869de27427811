// How long things of a space are kept after its end: by the site's rule, or shorter where its host says so.

import { $, ask, element, text, when } from "./page.js";
import { locale } from "./shared/texts.js";

const DAYS = [1, 7, 30, 90, 180, 365];
/** @type {(keyof KeepTimes)[]} */
const PARTS = ["recording", "comments"];

export class Keep {
  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    /** @type {Partial<KeepTimes>} */
    this.kept = {};
    for (const part of PARTS) $(`keep-${part}`).addEventListener("change", (/** @type {EventOn<HTMLSelectElement>} */ { target }) => this.#change(part, Number(target.value)));
  }

  /** @param {SpaceView} view */
  draw({ keep, site_keep: site, recording_until_ms: until, recording, state, you }) {
    $("keep").hidden = !you.may.includes("keep");
    this.kept = keep;
    const days = Math.min(...[keep.recording, site.recording].filter(Boolean));
    const sentence = until !== null ? text("keep.until", { time: when(until) })
      : Number.isFinite(days) ? text("keep.after", { days: length(days) })
      : text("keep.for_ever");
    const gone = state === "cancelled" || (state === "replay" && recording === null);
    $("keep-now").textContent = gone ? "" : sentence;
    for (const part of PARTS) choices($(`keep-${part}`), keep[part], site[part]);
  }

  /**
   * @param {keyof KeepTimes} part
   * @param {number} days
   */
  #change(part, days) {
    const body = { ...this.kept, [part]: days };
    this.command(() => ask("PUT", `/spaces/${this.space}/keep`, { token: this.token, body }));
  }
}

/**
 * What may be chosen: what the site does, and what is shorter; the one that holds is always among them.
 * @param {HTMLSelectElement} select
 * @param {number} own
 * @param {number} site
 */
function choices(select, own, site) {
  if (document.activeElement === select) return;
  const shorter = [...new Set([...DAYS, own])].filter((days) => days > 0 && (!site || days <= site)).sort((a, b) => a - b);
  const rule = site ? text("keep.site", { days: length(site) }) : text("keep.site_for_ever");
  select.replaceChildren(element("option", { value: 0 }, rule), ...shorter.map((value) => element("option", { value }, length(value))));
  select.value = String(own);
}

/** @param {number} days */
const length = (days) =>
  new Intl.NumberFormat(locale(), { style: "unit", unit: "day", unitDisplay: "long" }).format(days);
