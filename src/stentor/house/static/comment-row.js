// One comment as a row of a list, with what may be done about it.

import { button, element, text, when } from "./page.js";
import { commentRow } from "./shared/comment.js";

/**
 * A row; `acts` are pairs of a text's key and what to do.
 * @param {CommentView} comment
 * @param {Act[]} acts
 */
export function row(comment, acts) {
  const { name, text: said, at_ms: at } = comment;
  const buttons = acts.map(([key, act]) => button(text(key), act, { ariaLabel: `${text(key)}: ${name}: ${said}` }));
  return commentRow(comment, { role: roleOf(comment), when: when(at) },
    buttons.length ? element("span", { className: "buttons" }, ...buttons) : null);
}

/**
 * What is said of its writer besides the name.
 * @param {CommentView} comment
 */
export function roleOf({ handle, role }) {
  return handle ? role && text(`role.${role}`) : text("guests.guest");
}

/**
 * The requests that remove a comment and that shut its writer out: method, path below the space's, body.
 * @param {CommentView} comment
 * @returns {{ remove: [string, string], silence: [string, string, object?] }}
 */
export function orders({ id, handle }) {
  if (handle) return { remove: ["DELETE", `comments/${id}`], silence: ["PUT", `silenced/${handle}`] };
  const path = `guest-comments/${-id}`;
  return { remove: ["DELETE", path], silence: ["PUT", path, { verdict: "silence" }] };
}
