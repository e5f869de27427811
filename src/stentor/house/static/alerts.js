// Somebody who looks elsewhere is told that something has come: in the title, by a sound, a notification and a
// vibration. Each can be turned off, for this browser.

import { $, text } from "./page.js";
import { badge, register } from "./shared/installed.js";

const KEPT = "stentor-alerts";
const APART_MS = 3000; // whatever comes in between only counts in the title: many may ask to speak at once
const NOTES_HZ = [660, 880];
const NOTE_S = 0.12;
const LOUDNESS = 0.15; // as a part of full scale
const VIBRATION_MS = [200, 100, 200];

/** What can be turned on and off, and how it is when nobody has chosen. */
const USUAL = { title: true, sound: true, vibration: true, notification: false };
/** @type {Record<string, (said: string) => unknown>} */
const WAYS = { sound: play, vibration: () => navigator.vibrate(VIBRATION_MS), notification: notify };

/** @type {Record<string, boolean>} */
const chosen = { ...USUAL, ...kept() };
/** @type {AudioContext | undefined} */
let loudspeaker;
let unseen = 0;
let toldMs = -Infinity;

/** What was chosen before; nothing in a browser that may not remember anything. */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}

function keep() {
  try {
    localStorage.setItem(KEPT, JSON.stringify(chosen));
  } catch {
    // it holds until the page is left
  }
}

/** Shows what may be chosen, where the page's template has it (`alerts.html`). */
export function settings() {
  const there = { notification: "Notification" in window, vibration: "vibrate" in navigator };
  for (const [way, can] of Object.entries(there)) $(`alerts-${way}`).parentElement.hidden = !can;
  if (there.notification && Notification.permission !== "granted") chosen.notification = false;
  for (const way of Object.keys(USUAL)) {
    const box = $(`alerts-${way}`);
    box.checked = chosen[way];
    box.addEventListener("change", () => choose(way, box));
  }
  const { home } = document.documentElement.dataset; // the worker is there only, and this page may have an address of its own
  if (!home || new URL(home).origin === location.origin) register();
  for (const kind of ["visibilitychange", "focus"]) addEventListener(kind, seen, true);
  new MutationObserver(mark).observe(document.head, { childList: true, subtree: true, characterData: true });
}

/**
 * Somebody turns one on or off; what is turned on shows at once how it is.
 * @param {string} way
 * @param {HTMLInputElement} box
 */
async function choose(way, box) {
  $("alerts-said").textContent = "";
  try {
    if (box.checked && way === "notification") await allowed();
    if (box.checked) await WAYS[way]?.(text("alerts.example"));
  } catch {
    box.checked = false;
    $("alerts-said").textContent = text("alerts.refused");
  }
  chosen[way] = box.checked;
  keep();
  mark();
}

async function allowed() {
  if (await Notification.requestPermission() !== "granted") throw new Error("refused");
}

/**
 * Tells that something has come, in a sentence.
 * @param {string} said
 */
export function alert(said, count = 1) {
  const away = !looked();
  if (away) unseen += count;
  mark();
  if (performance.now() - toldMs < APART_MS) return;
  toldMs = performance.now();
  for (const [way, tell] of Object.entries(WAYS)) {
    if (chosen[way] && (away || way !== "notification")) attempt(tell, said);
  }
}

/** @param {(said: string) => unknown} tell @param {string} said */
async function attempt(tell, said) {
  try {
    await tell(said);
  } catch {
    // a browser may allow something and not do it; the other ways are seen and heard
  }
}

/** Whether somebody has this page before them. */
const looked = () => !document.hidden && document.hasFocus();

function seen() {
  if (!looked()) return;
  unseen = 0;
  mark();
}

/** Puts how much is unseen before the title, which the page may have changed, or takes it away. */
function mark() {
  const title = document.title.replace(/^\(\d+\) /, "");
  const marked = unseen && chosen.title ? `(${unseen}) ${title}` : title;
  badge(chosen.title ? unseen : 0);
  if (document.title !== marked) document.title = marked;
}

function play() {
  loudspeaker ??= new AudioContext();
  loudspeaker.resume(); // it waits for a press where there was none yet
  NOTES_HZ.forEach((hz, index) => note(/** @type {AudioContext} */ (loudspeaker), hz, index * NOTE_S));
}

/**
 * @param {AudioContext} context
 * @param {number} hz
 * @param {number} afterS
 */
function note(context, hz, afterS) {
  const begin = context.currentTime + afterS;
  const tone = new OscillatorNode(context, { frequency: hz });
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, begin);
  loudness.gain.linearRampToValueAtTime(LOUDNESS, begin + NOTE_S / 8); // no click
  loudness.gain.linearRampToValueAtTime(0, begin + NOTE_S);
  tone.connect(loudness).connect(context.destination);
  tone.start(begin);
  tone.stop(begin + NOTE_S);
}

/** @param {string} said */
async function notify(said) {
  const title = document.title.replace(/^\(\d+\) /, "");
  const about = { body: said, tag: location.pathname, data: location.href };
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker?.active) return worker.showNotification(title, about); // a telephone shows no other ones
  const shown = new Notification(title, about);
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
}
