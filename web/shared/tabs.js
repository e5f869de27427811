// Tabs: one is chosen, its panel is shown; the arrow keys go from one to the next (WAI-ARIA Authoring Practices).

/**
 * Makes the buttons of a `role="tablist"` choose among the panels that they name by `aria-controls`.
 * @param {HTMLElement} list
 * @param {(panel: string) => void} [chosen]
 */
export function openTabs(list, chosen = () => {}) {
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="tab"]')]);
  /** @param {HTMLElement} tab */
  const choose = (tab) => {
    for (const each of tabs) {
      const panel = each.getAttribute("aria-controls") ?? "";
      const on = each === tab;
      each.setAttribute("aria-selected", String(on));
      each.tabIndex = on ? 0 : -1;
      /** @type {HTMLElement} */ (document.getElementById(panel)).hidden = !on;
      if (on) chosen(panel);
    }
  };
  for (const tab of tabs) tab.addEventListener("click", () => choose(tab));
  list.addEventListener("keydown", (event) => {
    const there = tabs.filter((tab) => !tab.hidden);
    const at = there.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const goal = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: there.length - 1 };
    if (at < 0 || !(event.key in goal)) return;
    event.preventDefault();
    const next = there[(goal[event.key] + there.length) % there.length];
    choose(next);
    next.focus();
  });
}
