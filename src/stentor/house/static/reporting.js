// The link to the form that tells the site's moderators of somebody on the stage, or in the line before it.

import { element, text } from "./page.js";

/**
 * In a tab of its own: who reports stays on the stage.
 * @param {string} space
 * @param {string} seat
 */
export const reporting = (space, seat) =>
  element("a", { className: "button", href: `/report?${new URLSearchParams({ kind: "seat", space, id: seat })}`, target: "_blank", rel: "noopener" }, text("report.do"));
