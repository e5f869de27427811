// What administrators see first: asked for anew every few seconds, as the server draws it.

import { pause, when } from "./page.js";

const EVERY_MS = 5000;
const PATIENCE_MS = 20_000; // a look that nobody answers ends, or no other would follow it

/** Times in the reader's own way and zone. */
function localise() {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-ms]"))) {
    time.textContent = when(Number(time.dataset.ms));
  }
}

/** Puts what has changed in the place of what was there; what is open stays open, and who reads on keeps their place. */
async function renew() {
  const reply = await fetch("/admin", { headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!reply.ok) return;
  const found = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("#live");
  const live = document.querySelector("#live");
  if (!found || !live || live.contains(document.activeElement)) return;
  for (const [at, open] of [...live.querySelectorAll("details")].entries()) {
    const same = found.querySelectorAll("details")[at];
    if (same) same.open = open.open;
  }
  live.replaceWith(found);
  localise();
}

/** For as long as the page is there; a page that nobody sees asks for nothing. */
async function follow() {
  for (;;) {
    await pause(EVERY_MS);
    if (document.visibilityState === "visible") await renew().catch(() => {});
  }
}

localise();
void follow();
