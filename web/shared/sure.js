// Asks before something that cannot be undone: a question, a button that says what is done, and one that does not.

import { element } from "./element.js";
import { within } from "./sheet.js";

/**
 * Whether somebody says yes to `question`. The focus begins on the way back and returns to where it was; Esc and a press beside the
 * dialog are a no. Where it is no `harm`, the focus begins on the yes.
 * @param {string} question
 * @param {{ yes: string, no: string, harm?: boolean }} answers
 * @returns {Promise<boolean>}
 */
export function sure(question, { yes, no, harm = true }) {
  const agree = element("button", { type: "button", className: harm ? "danger" : "primary", value: "yes", autofocus: !harm }, yes);
  const refuse = element("button", { type: "button", value: "no", autofocus: harm }, no);
  const asked = element("p", { id: "sure-question" }, question);
  /** @type {HTMLDialogElement} */
  const dialog = element("dialog", { className: "sure", role: "alertdialog" }, asked, element("div", { className: "buttons" }, agree, refuse));
  dialog.setAttribute("aria-labelledby", asked.id);
  for (const each of [agree, refuse]) each.addEventListener("click", () => dialog.close(each.value));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && !within(dialog, event)) dialog.close("no");
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "yes");
    }, { once: true });
  });
}
