// Templates that somebody has kept: another space like one of them, or away with it.

import { $, ask, button, element, sure, text } from "./page.js";

/**
 * Shows them on the page of spaces, where there are any.
 * @param {(work: () => Promise<unknown>) => unknown} attempt says what went wrong
 */
export function offerTemplates(attempt) {
  /**
   * @param {string} id
   * @param {HTMLButtonElement} pressed
   */
  const use = async (id, pressed) => {
    const again = () => { pressed.disabled = false; };
    pressed.disabled = true; // a second press would make a second space
    window.addEventListener("pagehide", again, { once: true }); // for whoever comes back
    try {
      const { space } = await ask("POST", `/templates/${id}/spaces`, { body: {} });
      location.assign(`/stage/${space.id}`);
    } catch (error) {
      again();
      throw error;
    }
  };

  /** @param {{ id: string, name: string }} template */
  const drop = async ({ id, name }) => {
    if (!await sure(text("templates.sure", { name }), text("templates.drop"))) return;
    draw(await ask("DELETE", `/templates/${id}`));
    const title = /** @type {HTMLElement} */ ($("templates-part").hidden ? document.querySelector("h1") : $("templates-title"));
    title.tabIndex = -1; // the button that had the focus is gone
    title.focus();
  };

  /** @param {{ templates: { id: string, name: string }[] }} found */
  function draw({ templates }) {
    $("templates-part").hidden = !templates.length;
    $("templates").replaceChildren(...templates.map((each) => element("li", {},
      element("span", {}, each.name),
      element("div", { className: "buttons" },
        button(text("templates.use"), (pressed) => attempt(() => use(each.id, pressed)), { className: "small", ariaLabel: `${text("templates.use")}: ${each.name}` }),
        button(text("templates.drop"), () => attempt(() => drop(each)), { className: "small", ariaLabel: `${text("templates.drop")}: ${each.name}` })))));
  }

  attempt(async () => draw(await ask("GET", "/templates")));
}
