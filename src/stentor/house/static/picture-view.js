// A picture of a post, large, with what is to be seen in it; the arrow keys go to those beside it.

import { element, text } from "./page.js";
import { within } from "./shared/sheet.js";

export function followPictures() {
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest("a[data-picture]"));
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show([.../** @type {NodeListOf<HTMLAnchorElement>} */ (link.parentElement?.querySelectorAll("a[data-picture]") ?? [])], link);
  });
}

/**
 * @param {HTMLAnchorElement[]} links
 * @param {HTMLAnchorElement} first
 */
function show(links, first) {
  let at = links.indexOf(first);
  const picture = element("img"), said = element("p");
  const close = element("button", { type: "button", className: "small" }, text("home.close"));
  const dialog = /** @type {HTMLDialogElement} */ (element("dialog", { className: "view", ariaLabel: text("home.pictures") }, picture, said, close));
  const draw = () => {
    const small = /** @type {HTMLImageElement} */ (links[at].querySelector("img"));
    [picture.src, picture.alt, said.textContent] = [links[at].href, small.alt, small.alt];
  };
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog && !within(dialog, event)) dialog.close(); });
  dialog.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0;
    if (!step) return;
    at = (at + step + links.length) % links.length;
    draw();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    links[at].focus();
  });
  draw();
  document.body.append(dialog);
  dialog.showModal();
}
