// Sends a form as the browser would, and gives the page that answers: what the server says is shown, never made anew.

import { text } from "./page.js";

const PATIENCE_MS = 30_000;

/** The connection did not hold; what was written is still in the form. */
export class NotSent extends Error {}

/**
 * @param {HTMLFormElement} form
 * @param {{ by?: HTMLElement | null, to?: string, next?: string }} [how] the button, another address, and where to go then
 * @returns {Promise<{ answer: Response, page: Document }>}
 */
export async function send(form, { by = null, to = "", next = "" } = {}) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form, by)) if (typeof value === "string") fields.append(name, value);
  if (next) fields.set("next", next);
  return load(to || by?.getAttribute("formaction") || form.action, { method: "POST", body: fields });
}

/**
 * A page of the server's.
 * @param {string} address
 * @param {RequestInit} [how]
 */
export async function load(address, how = {}) {
  try {
    const answer = await fetch(address, { ...how, headers: { Accept: "text/html" }, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  } catch {
    throw new NotSent(text("home.not_sent"));
  }
}

/**
 * What a page says is wrong; empty where nothing is.
 * @param {{ answer: Response, page: Document }} found
 */
export function wrongOf({ answer, page }) {
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") return text("home.signed_out");
  if (answer.ok) return "";
  return page.querySelector("[role='alert']:not([hidden])")?.textContent?.trim() || page.querySelector("main p")?.textContent?.trim() || text("error.house");
}
