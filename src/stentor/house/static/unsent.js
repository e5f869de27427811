// What somebody has begun to write, kept in their browser until it is sent; it goes when they sign out.

const KEPT = "stentor-compose:";
const KEPT_MS = 7 * 86_400_000;

/** @typedef {{ fields: Record<string, string>, pictures: import("./attachments.js").Attached[], at: number }} Unsent */

/**
 * @param {string} name
 * @returns {Unsent | null}
 */
export function unsent(name) {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT + name) ?? "null");
    return found && Date.now() - found.at < KEPT_MS ? found : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {Omit<Unsent, "at">} written
 */
export function keepUnsent(name, written) {
  try { localStorage.setItem(KEPT + name, JSON.stringify({ ...written, at: Date.now() })); } catch { /* the form still has it */ }
}

/** @param {string} name */
export function forgetUnsent(name) {
  try { localStorage.removeItem(KEPT + name); } catch { /* nothing was kept */ }
}

/** All of it. */
export function forgetAll() {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(KEPT)) localStorage.removeItem(name);
  } catch { /* nothing was kept */ }
}
