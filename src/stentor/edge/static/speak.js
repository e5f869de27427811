// Speaking in the listener's page: what the house has for that comes when somebody asks to speak.

import { $ } from "./shared/element.js";

const PATIENCE_MS = 8000;
let opened = false;

/**
 * Shows the part in which one asks and speaks. Throws when it cannot be had; `status` 404 when this edge has no house.
 * @param {string} space
 * @param {SpeakingEvents} around
 */
export async function open(space, around) {
  if (!opened) await load(space, around);
  opened = true;
  $("speak").hidden = false;
  $("asking-title").scrollIntoView({ block: "nearest" });
  $("asking-title").focus();
}

/**
 * @param {string} space
 * @param {SpeakingEvents} around
 */
async function load(space, around) {
  const reply = await fetch(`/ask/${space}/panel`, { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!reply.ok) throw Object.assign(new Error(`status ${reply.status}`), { status: reply.status });
  const found = new DOMParser().parseFromString(await reply.text(), "text/html");
  const style = found.querySelector("link");
  const page = found.getElementById("asking-page");
  const script = page?.dataset.script;
  if (!style || !page || !script) throw new Error("another house");
  const styled = new Promise((done) => { style.onload = style.onerror = done; });
  document.head.append(style);
  await styled;
  $("speak").replaceChildren(...found.body.childNodes);
  const { Asking } = await import(script);
  new Asking(JSON.parse(page.textContent), around);
}
