// What is pressed before the page's script runs is kept, and done once it does. Without this such a press would be lost,
// and a form would send its fields, a password too, in the address. No module: it runs before anything can be pressed.

(() => {
  const { failed } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;
  /** @type {HTMLButtonElement | null} */
  let pressed = null; // the newest: who presses something else then wants that
  /** @type {Set<EventTarget>} */
  const changed = new Set();
  let lost = false; // the script could not be loaded

  /** Whether the browser alone does what a button says. @param {HTMLButtonElement} button */
  const native = (button) => button.hasAttribute("popovertarget") || Boolean(button.form?.hasAttribute("method"));

  /** @param {HTMLButtonElement | null} button */
  function keep(button) {
    pressed?.removeAttribute("aria-busy");
    pressed = button;
    button?.setAttribute("aria-busy", "true");
  }

  /** @param {Event} event */
  function press(event) {
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {Element} */ (event.target).closest("button"));
    if (!button || native(button)) return;
    event.preventDefault();
    if (!lost) keep(button);
  }

  /** @param {Event} event */
  const change = ({ target }) => target && changed.add(target);

  /** The script has run: what was kept is done. */
  function release() {
    if (lost) return;
    removeEventListener("click", press, true);
    removeEventListener("change", change, true);
    for (const field of changed) field.dispatchEvent(new Event("change", { bubbles: true }));
    const button = pressed;
    keep(null);
    if (button?.checkVisibility()) button.click();
  }

  /** A script that could not be loaded never runs: the page says so, and presses stay without effect. @param {Event} event */
  function lose({ target }) {
    if (lost || !(target instanceof HTMLScriptElement)) return;
    lost = true;
    keep(null);
    const said = document.createElement("p");
    said.role = "alert";
    said.textContent = failed ?? "";
    document.querySelector("main")?.prepend(said);
  }

  addEventListener("click", press, true);
  addEventListener("change", change, true);
  addEventListener("error", lose, true);
  addEventListener("DOMContentLoaded", release);
})();
