// The listener's page: what comes from the server, the player and the listener goes into the reducer (listening.js);
// what comes out of it is done here, and drawn by view.js.

import * as bridge from "./bridge.js";
import { Gate } from "./gate.js";
import { choose, follow, language, say } from "./language.js";
import { ON_AIR, audible, begin, step } from "./listening.js";
import { Player } from "./player.js";
import { PulseTrack } from "./pulse.js";
import { $ } from "./shared/element.js";
import { between } from "./shared/pace.js";
import { remembered } from "./switches.js";
import { View } from "./view.js";

const LOOK_MS = 320;
const PULSE_MS = 3000;
const root = document.documentElement;
const space = root.dataset.space ?? "";
const base = `/s/${space}/`;

let state = begin(named($("door").textContent));
let doorTimer = 0;

const pulses = new PulseTrack();
const gate = new Gate(space);
const view = new View(base, state);
const player = new Player($("audio"), {
  onState: (sound) => {
    send({ type: "sound", sound });
    if (sound === "playing") view.portraits.begin();
  },
  onBytes: (bytes) => pulses.read(bytes),
  onLost: () => send({ type: "lost" }),
  onEnd: () => send({ type: "end" }),
});
/** @type {Promise<import("./text-only.js").TextOnly | null> | null} */
let reading = null; // once somebody wants it

/** @param {ListeningEvent} event */
function send(event) {
  const next = step(state, event);
  state = next.state;
  for (const deed of next.deeds) perform(deed);
  view.show(state, gate.outlook(state.door));
}

/** @param {Deed} deed */
function perform(deed) {
  const { door } = state;
  switch (deed.do) {
    case "listen":
      player.listen(gate.streams(door), door.doors_open_ms);
      gate.ask();
      break;
    case "loop":
      player.loop(door.streams.hold);
      break;
    case "follow":
      player.listen({ hls: state.follows }, door.doors_open_ms);
      break;
    case "bridge": {
      const loop = bridge.kept();
      if (loop) player.bridge(loop);
      break;
    }
    case "stop":
      player.stop();
      break;
    case "keep":
      bridge.keepLater(player.playable(door.streams.hold));
      break;
    case "gate":
      gate.admits(door).then((admitted) => send({ type: "gate", admitted }));
      break;
    case "ask":
      plan(deed.pace);
  }
}

/** @param {string | URL} address */
async function fetchJson(address) {
  const reply = await fetch(address, { signal: AbortSignal.timeout(8000) });
  if (!reply.ok) throw Object.assign(new Error(`status ${reply.status}`), { full: [429, 503].includes(reply.status) });
  return named(await reply.text());
}

/**
 * A site may have several names: what is told comes from the one by which the reader is here, and no other is allowed.
 * @param {string} text
 */
function named(text) {
  const told = JSON.parse(text);
  const { origin } = new URL(told.streams?.pulse ?? "", location.href);
  return origin === location.origin ? told : JSON.parse(text.replaceAll(`"${origin}/`, `"${location.origin}/`));
}

async function askDoor() {
  /** @type {ListeningEvent} */
  const came = await fetchJson(`${base}door.json`).then(
    (door) => ({ type: "door", door }),
    (error) => {
      unanswered(error);
      return { type: "refused", full: Boolean(error.full) };
    },
  );
  send(came);
}

/** @returns {Promise<Pulse>} */
function askPulse() {
  return fetchJson(`${base}pulse.json`).catch((error) => {
    unanswered(error);
    throw error;
  });
}

/**
 * An edge that has no room has answered; and while pulses come with the sound nobody is missed.
 * @param {{ full?: boolean }} error
 */
function unanswered({ full }) {
  if (!full && !pulses.fresh) send({ type: "unreached" });
}

/** @param {Pace} pace */
function plan(pace) {
  clearTimeout(doorTimer);
  doorTimer = setTimeout(askDoor, between(pace));
}

/** @param {Pulse} pulse */
function showPulse(pulse) {
  send({ type: "pulse", pulse });
  view.showPulse(pulse);
  const talking = audible(state.mode, pulse.seats).filter((seat) => seat.talking).map((seat) => seat.name);
  player.describe(state.door.title, talking.join(", ") || say("app"));
}

$("play").addEventListener("click", () => send({ type: "press" }));
$("follow").addEventListener("click", () => send({ type: "follow" }));
$("catch-up").addEventListener("click", () => player.goLive() || send({ type: "again" }));
player.onToggle((on) => send({ type: on ? "play" : "pause" }));
remembered($("gentle"), "gentle", (on) => {
  player.gentle = on;
});
for (const button of document.querySelectorAll("[data-share]")) {
  /** @type {HTMLElement} */ (button).hidden = false;
  const url = location.origin + (root.dataset.home ?? base.slice(0, -1));
  button.addEventListener("click", () => import("./shared/share.js").then(({ share }) => share({ title: state.door.title, url }, say), unanswered));
}
// In another site's frame there is room for the player only.
if (!("embedded" in root.dataset)) {
  remembered($("text-only"), "text-only", (on) => {
    send({ type: "read", on });
    read(on);
  });
}

/**
 * Text only, or no longer; loaded by those who want it.
 * @param {boolean} on
 */
async function read(on) {
  /** @param {typeof import("./text-only.js")} module */
  const made = ({ TextOnly }) => new TextOnly($("turns-read"), { live: () => ON_AIR.has(state.door.state), ask: askPulse, show, say, language });
  if (on) reading ??= import("./text-only.js").then(made).catch(() => (reading = null)); // without a line the next press tries again
  (await reading)?.turn(on);
}

/** @param {Pulse} pulse */
function show(pulse) {
  pulses.put(pulse);
  showPulse(pulse);
}

/** Asking to speak, and speaking: loaded by those who want to. */
async function speak() {
  $("ask-said").textContent = "";
  try {
    const { open } = await import("./speak.js");
    await open(space, {
      turned: (on, displaced) => send({ type: "seat", on, play: !displaced }),
      hush: (on) => { $("audio").muted = on; },
    });
    root.dataset.speaking = "";
    try {
      sessionStorage.setItem(`stentor-asking-${space}`, "1"); // loaded again, the page has it open again
    } catch {
      // a browser that may not remember anything
    }
  } catch (error) {
    if (error.status === 404 && state.door.ask) location.assign(state.door.ask); // no house behind this address
    else $("ask-said").textContent = say("ask_gone");
  }
}
if (!("embedded" in root.dataset)) {
  $("ask").querySelector("a").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    speak();
  });
}

/** Whether one was asking, or speaking, when this page was loaded before. */
function wasAsking() {
  try {
    return Boolean(sessionStorage.getItem(`stentor-asking-${space}`));
  } catch {
    return false;
  }
}

// The pulse in step with the sound when it came inside the sound; else asked for, as rarely as is bearable.
setInterval(() => {
  view.showPhase();
  view.showBehind(player.behind());
  player.watch();
  player.keepUp();
  const heard = player.chunk();
  view.captions.heard(player.on && player.way !== "hold" ? heard : null);
  const pulse = heard === null ? null : pulses.at(heard);
  if (pulse) showPulse(pulse);
}, LOOK_MS);
setInterval(async () => {
  if (state.reading || document.hidden || !ON_AIR.has(state.door.state) || pulses.fresh) return;
  try {
    pulses.put(await askPulse());
    if (player.chunk() === null && pulses.newest) showPulse(pulses.newest);
  } catch {
    // none this time
  }
}, PULSE_MS);

await choose();
follow();
view.showDoor();
view.show(state, gate.outlook(state.door));
if (!("embedded" in root.dataset) && (location.hash === "#ask" || wasAsking())) speak();
if (ON_AIR.has(state.door.state)) player.prepare();
plan(["replay", "cancelled"].includes(state.door.state) ? [60, 120] : state.door.retry_s);
