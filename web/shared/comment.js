// Comments as rows of a list.

import { element } from "./element.js";

/**
 * One comment; `more` stands below it. A guest has no handle.
 * @param {CommentView} comment
 * @param {{ role: string, when: string }} said
 * @param {...(Node | null)} more
 * @returns {HTMLElement}
 */
export function commentRow({ id, name, handle, text }, { role, when }, ...more) {
  const about = [handle && `@${handle}`, role, when].filter(Boolean).join(" · ");
  return element("div", { dataset: { id } },
    element("b", {}, element("bdi", {}, name)), " ",
    element("span", { className: "about" }, about),
    element("bdi", { className: "said" }, text), ...more);
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
