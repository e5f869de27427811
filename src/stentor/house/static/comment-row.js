// One comment as a row of a list, with what may be done about it, and the sentences of what the house refuses.

import { button, element, text, when } from "./page.js";

/**
 * A row; `acts` are pairs of a text's key and what to do.
 * @param {CommentView} comment
 * @param {Act[]} acts
 */
export function row({ id, name, handle, role, text: said, at_ms: at }, acts) {
  const about = [`@${handle}`, role && text(`role.${role}`), when(at)].filter(Boolean).join(" · ");
  const buttons = acts.map(([key, act]) => button(text(key), act, { ariaLabel: `${text(key)}: ${name}: ${said}` }));
  return element("div", { dataset: { id } },
    element("strong", {}, element("bdi", {}, name)),
    element("span", { className: "quiet" }, about),
    element("bdi", { className: "said" }, said),
    buttons.length ? element("span", { className: "buttons" }, ...buttons) : null);
}

/**
 * Makes `list` show these comments, and leaves rows that are there already where they are.
 * @param {HTMLElement} list
 * @param {CommentView[]} comments
 * @param {(comment: CommentView) => HTMLElement} make
 */
export function fill(list, comments, make) {
  const rows = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const below = list.scrollHeight - list.clientHeight - list.scrollTop < 40; // who reads further up is left in peace
  const wanted = new Set(comments.map(({ id }) => String(id)));
  for (const old of rows()) if (!wanted.has(old.dataset.id ?? "")) old.remove();
  const there = new Set(rows().map((old) => old.dataset.id));
  list.append(...comments.filter(({ id }) => !there.has(String(id))).map(make));
  if (below) list.scrollTop = list.scrollHeight;
}

/**
 * What the house has against a comment, in the page's language where there is a sentence for it.
 * @param {{ code?: string, message: string }} error
 */
export function refusal({ code, message }) {
  const key = `refused.${code}`;
  return text(key) === key ? message : text(key);
}
