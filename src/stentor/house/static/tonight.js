// Whether this evening will do: begins the checks, shows how far they are, and what they found as the server draws it.

import { $, ask, pause, text, when } from "./page.js";
import { locale } from "./shared/texts.js";
import { attempt, values } from "./sign.js";

const EVERY_MS = 1000;

/** Times in the reader's own way and zone. */
function localise() {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-ms]"))) {
    time.textContent = when(Number(time.dataset.ms));
  }
}

/** @param {any} seen */
function draw({ running, on_air: on, small }) {
  $("begin").hidden = Boolean(running);
  $("running").hidden = !running;
  $("on-air").hidden = !on.length;
  if (on.length) $("on-air").textContent = text("tonight.on_air", { title: on[0], small });
  if (!running) return false;
  $("progress").value = running.progress;
  const count = (/** @type {number} */ number) => number.toLocaleString(locale());
  $("doing").textContent = running.come
    ? text("tonight.crowd", { come: count(running.come), playing: count(running.playing) })
    : text("tonight.looking");
  return true;
}

/** Puts what was found on the page. */
async function renew() {
  const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(20_000) });
  const found = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("#results");
  if (reply.ok && found) $("results").replaceWith(found);
  localise();
}

/** Looks again for as long as the checks run. */
async function follow() {
  for (;;) {
    await pause(EVERY_MS);
    let on = true;
    if (!(await attempt(async () => { on = draw(await ask("GET", "/site/tonight")); }))) continue;
    if (!on) return renew();
  }
}

$("begin").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  attempt(async () => {
    const { listeners, space } = /** @type {any} */ (values(event.target));
    if (draw(await ask("POST", "/site/tonight", { body: { listeners: Number(listeners), space: space || null } }))) void follow();
  });
});
$("stop").addEventListener("click", () => attempt(async () => {
  $("doing").textContent = text("tonight.stopping");
  draw(await ask("DELETE", "/site/tonight", { timeout: 20000 }));
}));
localise();
attempt(async () => { if (draw(await ask("GET", "/site/tonight"))) await follow(); });
