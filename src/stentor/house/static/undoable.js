// What cannot be taken back waits ten seconds first: a strip says what is about to be done, and has a way back.

import { button, element, pause, text } from "./page.js";

const WAIT_S = 10;

/**
 * Whether `title` is to be opened to everybody: true after ten seconds or a press on "Open now", false once it is undone.
 * @param {string} title
 * @returns {Promise<boolean>}
 */
export function opening(title) {
  document.querySelector(".undo")?.remove(); // only one is pressed at a time
  const left = element("span", { className: "countdown", ariaHidden: "true" }, String(WAIT_S));
  return new Promise((done) => {
    /** @param {boolean} go */
    const end = (go) => {
      strip.remove();
      done(go);
    };
    const undo = button(text("doors.undo"), () => end(false));
    const now = button(text("doors.now"), () => end(true), { className: "primary" });
    const said = element("p", { role: "status" });
    const strip = element("div", { className: "undo", role: "group", ariaLabel: text("doors.soon", { title }) }, said, left, element("div", { className: "buttons" }, undo, now));
    strip.addEventListener("keydown", (/** @type {KeyboardEvent} */ { key }) => key === "Escape" && end(false));
    document.body.append(strip);
    said.textContent = text("doors.soon", { title });
    undo.focus();
    count(left, strip, () => end(true));
  });
}

/**
 * @param {HTMLElement} left
 * @param {HTMLElement} strip
 * @param {() => void} over
 */
async function count(left, strip, over) {
  const until = Date.now() + WAIT_S * 1000; // a page that nobody looks at counts late, and not longer
  for (let seconds = WAIT_S; seconds > 0; seconds = Math.ceil((until - Date.now()) / 1000)) {
    left.textContent = String(seconds);
    await pause(200);
    if (!strip.isConnected) return;
  }
  over();
}
