// Sheets and drawers: dialogs that close by their button, by Esc, by a press beside them, and by the way back.

/**
 * Opens a dialog over the page. Its first button with `data-close` closes it.
 * @param {HTMLDialogElement} dialog
 */
export function openSheet(dialog) {
  if (dialog.open) return;
  if (!dialog.dataset.ready) prepare(dialog);
  dialog.showModal();
  history.pushState({ sheet: dialog.id }, "");
}

/** @param {HTMLDialogElement} dialog */
function prepare(dialog) {
  dialog.dataset.ready = "";
  dialog.addEventListener("click", (event) => {
    const pressed = /** @type {Element} */ (event.target);
    if (pressed === dialog && !within(dialog, event)) dialog.close();
    if (pressed.closest("[data-close]")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    if (history.state?.sheet === dialog.id) history.back();
  });
  window.addEventListener("popstate", () => dialog.close());
}

/**
 * Whether a press was on the dialog, and not on what is behind it.
 * @param {HTMLDialogElement} dialog
 * @param {MouseEvent} event
 */
export function within(dialog, { clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}
