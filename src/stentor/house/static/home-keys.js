// Keys on the pages of posts: from one post to the next, and what one does with it; the list of them opens with "?".

import { allow, allowed, single } from "./keys.js";
import { $ } from "./page.js";
import { openSheet } from "./shared/sheet.js";

const WAYS = /** @type {Record<string, string>} */ ({ h: "home", n: "notifications" });
const DEEDS = /** @type {Record<string, string>} */ ({
  r: "[data-reply]", b: "[data-deed='boost'] button", l: "[data-deed='like'] button", m: "[data-deed='bookmark'] button", o: ".when",
});

export function followKeys() {
  const opener = /** @type {HTMLElement | null} */ (document.querySelector("[data-keys]"));
  if (opener) opener.hidden = false;
  opener?.addEventListener("click", () => openSheet($("keys")));
  $("keys-on").checked = allowed();
  $("keys-on").addEventListener("change", () => allow($("keys-on").checked));
  document.addEventListener("keydown", (event) => {
    if (!single(event) || event.shiftKey && event.key !== "?" || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (press(key)) event.preventDefault();
  });
}

/** @param {string} key */
function press(key) {
  if (key === "?") return openSheet($("keys")), true;
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  if (key === "w") return focusOn(document.querySelector("form[data-compose] textarea") ?? document.querySelector("[data-way='compose']"));
  if (key in WAYS) return pressOn(document.querySelector(`[data-way='${WAYS[key]}']`));
  const post = document.activeElement?.closest("[data-post]");
  return key in DEEDS && post ? pressOn(post.querySelector(DEEDS[key])) : false;
}

/** @param {Element | null} found */
function focusOn(found) {
  /** @type {HTMLElement | null} */ (found)?.focus();
  return found !== null;
}

/** @param {Element | null} found */
function pressOn(found) {
  /** @type {HTMLElement | null} */ (found)?.click();
  return found !== null;
}

/**
 * To the post after or before the one that has the focus, or else the first that is to be seen.
 * @param {number} by
 */
function step(by) {
  const posts = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-post]")]);
  const at = posts.findIndex((each) => each.contains(document.activeElement));
  const next = at < 0 ? posts.find((each) => each.getBoundingClientRect().top >= 0) : posts[at + by];
  if (!next) return false;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}
