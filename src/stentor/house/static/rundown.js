// The rundown: what the talk goes through, which item is on, and the time to the planned end. Hosts write it as lines.

import { $, ask, button, element, text, when } from "./page.js";
import { MINUTE_MS, parsed, plannedEnd } from "./rundown-lines.js";
import { locale } from "./shared/texts.js";
import { OVER } from "./told.js";


export class Rundown {
  #drawn = "";
  #touched = false;

  /**
   * `command` runs an action and shows what does not work.
   * @param {PartOptions} page
   */
  constructor({ space, token, command }) {
    this.space = space;
    this.token = token;
    this.command = command;
    /** @type {ItemView[]} */
    this.items = [];
    $("rundown-lines").addEventListener("input", () => (this.#touched = true));
    $("rundown-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#save();
    });
  }

  /** @param {SpaceView} view */
  draw(view) {
    const { rundown, you, state } = view;
    this.items = rundown;
    this.#clock(view);
    const may = you.may.includes("rundown");
    const begins = may && ["live", "interrupted"].includes(state);
    $("rundown-edit").hidden = !may;
    $("rundown").hidden = !rundown.length || OVER.has(state);
    const drawn = JSON.stringify([rundown, begins]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const on = current(rundown);
    $("rundown-items").replaceChildren(...rundown.map((item) => this.#row(item, on, begins)));
    if (!this.#touched) $("rundown-lines").value = rundown.map(({ title, minutes }) => (minutes ? `${title} ${minutes}` : title)).join("\n");
  }

  /**
   * @param {ItemView} item
   * @param {ItemView | undefined} on
   * @param {boolean} begins
   */
  #row(item, on, begins) {
    const { title, minutes, begun_ms: begun } = item;
    const state = item === on ? "now" : begun === null ? "" : "done";
    const said = [minutes ? minutesSaid(minutes) : "", state ? text(`rundown.${state}`) : ""].filter(Boolean).join(" · ");
    const row = element("li", { dataset: { state } }, element("strong", {}, element("bdi", {}, title)), element("span", { className: "quiet" }, said),
      begins && item !== on ? button(text("rundown.begin"), () => this.#begin(item.id), { className: begun === null ? "small" : "small bare", ariaLabel: `${text("rundown.begin")}: ${title}` }) : null);
    if (item === on) row.ariaCurrent = "step";
    return row;
  }

  /** @param {SpaceView} view */
  #clock(view) {
    const end = OVER.has(view.state) ? null : plannedEnd(view);
    $("time-left").hidden = end === null;
    if (end === null) return;
    const left = Math.ceil((end - view.now_ms) / MINUTE_MS);
    const time = when(end);
    const on = ["live", "interrupted"].includes(view.state);
    const key = !on ? "rundown.ends" : left < 0 ? "rundown.over" : "rundown.left";
    const said = text(key, { time, minutes: minutesSaid(Math.abs(left)) });
    if ($("time-left").textContent !== said) $("time-left").textContent = said;
    $("time-left").dataset.state = on && left < 0 ? "bad" : on && left <= 5 ? "warn" : "";
  }

  /** @param {string} item */
  #begin(item) {
    this.command(() => ask("POST", `/spaces/${this.space}/rundown/${item}`, { token: this.token }));
  }

  #save() {
    const items = parsed($("rundown-lines").value, this.items);
    $("rundown-said").textContent = "";
    return this.command(async () => {
      await ask("PUT", `/spaces/${this.space}/rundown`, { token: this.token, body: { items } });
      this.#touched = false;
      $("rundown-said").textContent = text("edit.saved");
    });
  }
}

/** @param {number} minutes */
const minutesSaid = (minutes) => new Intl.NumberFormat(locale(), { style: "unit", unit: "minute", unitDisplay: "short" }).format(minutes);

/**
 * The item that began last.
 * @param {ItemView[]} items
 */
const current = (items) => items.filter(({ begun_ms: begun }) => begun !== null)
  .sort((one, other) => Number(other.begun_ms) - Number(one.begun_ms))[0];
