// Templates that somebody has kept: another space like one of them, or away with it.

import { $, ask, button, element, sure, text } from "./page.js";

/**
 * Shows them on the page of spaces, where there are any.
 * @param {(work: () => Promise<unknown>) => unknown} attempt says what went wrong
 */
export function offerTemplates(attempt) {
  /** @param {string} id */
  const use = async (id) => {
    const { space } = await ask("POST", `/templates/${id}/spaces`, { body: {} });
    location.assign(`/stage/${space.id}`);
  };

  /** @param {{ id: string, name: string }} template */
  const drop = async ({ id, name }) => {
    if (await sure(text("templates.sure", { name }), text("templates.drop"))) draw(await ask("DELETE", `/templates/${id}`));
  };

  /** @param {{ templates: { id: string, name: string }[] }} found */
  function draw({ templates }) {
    $("templates-part").hidden = !templates.length;
    $("templates").replaceChildren(...templates.map((each) => element("li", {},
      element("span", {}, each.name),
      element("div", { className: "buttons" },
        button(text("templates.use"), () => attempt(() => use(each.id)), { className: "small", ariaLabel: `${text("templates.use")}: ${each.name}` }),
        button(text("templates.drop"), () => attempt(() => drop(each)), { className: "small", ariaLabel: `${text("templates.drop")}: ${each.name}` })))));
  }

  attempt(async () => draw(await ask("GET", "/templates")));
}
