// Single keys that do something: outside of fields, until somebody turns them off in this browser (WCAG 2.1.4).

const KEPT = "stentor-keys";
const FIELDS = "input, select, textarea";

/** Whether single keys do something in this browser. */
export function allowed() {
  try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; }
}

/** @param {boolean} on */
export function allow(on) {
  try { localStorage.setItem(KEPT, on ? "on" : "off"); } catch { /* a browser that keeps nothing has them on */ }
}

/**
 * Whether a key was pressed alone, once, and not to write.
 * @param {KeyboardEvent} event
 */
export function single({ target, repeat, ctrlKey, metaKey, altKey }) {
  const typing = target instanceof Element && target.closest(FIELDS);
  return allowed() && !repeat && !ctrlKey && !metaKey && !altKey && !typing;
}
