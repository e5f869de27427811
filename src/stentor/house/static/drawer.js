// Beside the stage: tabs for what comes in. A tab is there as long as its panel has something to show to this person.
// On a narrow page the drawer lies over the stage, until it is put away.

import { $ } from "./page.js";
import { openTabs } from "./shared/tabs.js";

const WIDE = matchMedia("(min-width: 60rem)");

export class Drawer {
  constructor() {
    this.tabs = /** @type {HTMLElement[]} */ ([...$("drawer").querySelectorAll('[role="tab"]')]);
    this.chosen = false; // somebody has pressed a tab
    openTabs($("drawer").querySelector('[role="tablist"]'));
    $("drawer").addEventListener("click", (/** @type {MouseEvent} */ { isTrusted }) => (this.chosen ||= isTrusted));
    const observer = new MutationObserver(() => this.#offer());
    for (const section of $("drawer").querySelectorAll('[role="tabpanel"] > section')) observer.observe(section, { attributeFilter: ["hidden"] });
    WIDE.addEventListener("change", () => $("drawer").hidePopover());
    this.#offer();
  }

  /**
   * Shows a panel by its name, and goes there.
   * @param {string} name
   */
  show(name) {
    const tab = $(`tab-${name}`);
    if (tab.hidden) return;
    if (!WIDE.matches && !$("drawer").matches(":popover-open")) $("drawer").showPopover();
    this.chosen = true;
    tab.click();
    tab.focus();
  }

  /** Only tabs that lead somewhere; the first of them as long as nobody has chosen, and when the chosen one has gone. */
  #offer() {
    for (const tab of this.tabs) tab.hidden = /** @type {HTMLElement} */ (panelOf(tab).firstElementChild).hidden;
    const there = this.tabs.filter((tab) => !tab.hidden);
    const kept = this.chosen && there.some((tab) => tab.ariaSelected === "true");
    if (there.length && !kept) there[0].click();
  }
}

/** @param {HTMLElement} tab */
const panelOf = (tab) => $(tab.getAttribute("aria-controls") ?? "");

/**
 * How many there are of something that waits for an answer, on its tab and on the button of the drawer.
 * @param {string} name
 * @param {number} count
 */
export function badge(name, count) {
  for (const mark of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`[data-count="${name}"]`))) {
    mark.hidden = !count;
    mark.textContent = count > 99 ? "99+" : String(count);
  }
}
