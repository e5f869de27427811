// What opens at a button closes again: by Esc, by a press elsewhere, and when the focus leaves it.

const OPEN = "details.menu[open]";

export function followMenus() {
  document.addEventListener("click", (event) => {
    for (const each of document.querySelectorAll(OPEN)) if (!each.contains(/** @type {Node} */ (event.target))) close(each);
  });
  document.addEventListener("keydown", ({ key }) => {
    const open = key === "Escape" ? document.querySelector(OPEN) : null;
    if (!open || document.querySelector("dialog[open]")) return;
    close(open);
    open.querySelector("summary")?.focus();
  });
  document.addEventListener("focusin", (event) => {
    for (const each of document.querySelectorAll(OPEN)) if (!each.contains(/** @type {Node} */ (event.target))) close(each);
  });
}

/** @param {Element} menu */
const close = (menu) => menu.removeAttribute("open");
