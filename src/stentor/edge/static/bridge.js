// The hold loop in this browser's memory: what is heard while a lost connection is mended, though nothing can be
// loaded. It is half a megabyte, so it is fetched once, late, and not by those who save data.

import { between } from "./shared/pace.js";

/** @type {Pace} */
const BETWEEN_S = [30, 600]; // listeners came in the same minutes; their loops are not fetched in the same minutes

let known = ""; // the address that was fetched, or is to be
let timer = 0;
/** @type {string | null} */
let loop = null;

/** The loop as an address that needs no network; null when it was not fetched yet. */
export const kept = () => loop;

/**
 * Fetches the loop some time from now, at random; nothing is done twice.
 * @param {string} address
 */
export function keepLater(address) {
  if (!address || known === address || navigator.connection?.saveData) return;
  known = address;
  clearTimeout(timer);
  timer = setTimeout(() => keep(address), between(BETWEEN_S));
}

/**
 * Fetches the loop now.
 * @param {string} address
 */
export async function keep(address) {
  known = address;
  clearTimeout(timer);
  try {
    const reply = await fetch(address);
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    const bytes = await reply.blob();
    if (loop) URL.revokeObjectURL(loop);
    loop = URL.createObjectURL(bytes);
  } catch {
    known = ""; // another time
  }
}
