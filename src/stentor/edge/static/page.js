// The listener's page: what state the space is in, one button, who is talking. Everything it knows comes from
// door.json and the pulse; the sound is player.js's business.

import * as bridge from "./bridge.js";
import { Captions } from "./captions.js";
import { showPins } from "./pins.js";
import { Gate } from "./gate.js";
import { Player } from "./player.js";
import { Portraits } from "./portraits.js";
import { PulseTrack } from "./pulse.js";
import { Reactions } from "./reactions.js";
import { remembered } from "./switches.js";
import { TextOnly } from "./text-only.js";

const root = document.documentElement;
const space = root.dataset.space ?? "";
const base = `/s/${space}/`;
const ON_AIR = new Set(["doors_open", "live", "interrupted"]);
const LATE_S = 12; // an ordinary HLS player is 8 to 12 s behind
/** @type {Pace} */
const PINS_S = [1, 8]; // a note has more time than a change of state: the edge is spared a rush
/** @type {(id: string) => any} */
const element = (id) => document.getElementById(id);

/** @type {Record<string, string>} */
let texts = JSON.parse(element("texts").textContent);
/** @type {DoorDocument} */
let door = JSON.parse(element("door").textContent);
let wanted = false; // whether the listener has pressed the button
let doorTimer = 0;
let replayOpened = false;
let full = false; // whether the edge said last that it has no room
let losses = 0; // tries in a row that brought no sound
let outside = false; // whether the door keeps us waiting, with music
let admitted = true; // whether the door lets us in now
let following = false; // whether we follow some minutes behind while the door keeps us outside
let followed = ""; // and what: the door may not name it any more when there is room
let soon = false; // whether the door is to be asked at once already
/** @type {Promise<import("./comments.js").Comments | null> | null} */
let comments = null; // once somebody has opened them
let drawn = ""; // who is in the list, and what is said of them

const pulses = new PulseTrack();
const gate = new Gate(space);
const player = new Player(element("audio"), {
  onState: (state) => {
    element("sound").textContent = texts[state] ?? "";
    if (state === "playing") {
      losses = 0;
      portraits.begin();
    }
    showButton();
  },
  onBytes: (bytes) => pulses.read(bytes),
  onLost: () => askAgain(),
  onEnd: () => {
    following = false;
    askSoon();
  },
});

const portraits = new Portraits(() => reading.on);
const captions = new Captions({ button: element("captions-switch"), panel: element("captions"), say });
const reactions = new Reactions({ base, say });

const reading = new TextOnly(element("turns-read"), {
  live: () => ON_AIR.has(door.state),
  ask: () => fetchJson(`${base}pulse.json`),
  show: (pulse) => {
    pulses.put(pulse);
    showPulse(pulse);
  },
  say,
  language: () => root.lang,
});

/** @type {Say} */
function say(key, values = {}) {
  return (texts[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** @param {Pace} pace */
function between([from, to]) {
  return (from + Math.random() * (to - from)) * 1000;
}

/** @param {string | URL} address */
async function fetchJson(address) {
  const reply = await fetch(address, { signal: AbortSignal.timeout(8000) });
  if (!reply.ok) throw Object.assign(new Error(`status ${reply.status}`), { full: [429, 503].includes(reply.status) });
  return reply.json();
}

// The reader's own language, when the server has it and the page came in another.
async function chooseLanguage() {
  const offered = (root.dataset.languages ?? "").split(" ");
  const liked = navigator.languages.map((tag) => tag.split("-")[0]).find((tag) => offered.includes(tag));
  if (!liked || liked === root.lang) return;
  try {
    texts = await fetchJson(new URL(`./texts-${liked}.json`, import.meta.url));
    root.lang = liked;
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) node.textContent = say(node.dataset.text ?? "");
  } catch {
    // the page stays in the language it came in
  }
}

function showDoor() {
  root.dataset.state = door.state;
  document.title = `${door.title} · ${say("app")}`;
  element("title").textContent = door.title;
  element("state").textContent = say(`state_${door.state}`);
  element("say").textContent = say(`say_${door.state}`);
  element("live").hidden = element("recorded").hidden = !ON_AIR.has(door.state);
  element("ways").hidden = !ON_AIR.has(door.state);
  offerCaptions();
  element("ask").hidden = !door.ask;
  if (door.ask) element("ask").querySelector("a").href = door.ask;
  showPins(element("pins"), door, root.lang);
  reactions.open(door.react);
  portraits.offer(door.portraits);
  showComments();
  element("recording").hidden = door.state !== "replay";
  if (door.state === "replay") openReplay();
  showButton();
  showTime();
  showOutside();
}

// Comments are loaded by those who open them.
async function showComments() {
  const panel = element("comments");
  panel.hidden = !door.comments;
  if (panel.open && !comments) {
    /** @param {typeof import("./comments.js")} module */
    const made = ({ Comments }) => new Comments({ panel, say, language: () => root.lang });
    comments = import("./comments.js").then(made).catch(() => (comments = null)); // without a line it is tried again
  }
  (await comments)?.offer(door.comments);
}

// The player of the recording is loaded by those who have one before them.
async function openReplay() {
  if (replayOpened) return;
  replayOpened = true;
  const module = await import("./replay.js").catch(() => null);
  replayOpened = Boolean(module); // without a line the door's next answer tries again
  if (module) new module.Replay({ base, door, say, portraits, language: root.lang }).open();
}

function showButton() {
  const button = element("play");
  const waitable = door.state === "scheduled";
  element("ways-to-hear").hidden = !ON_AIR.has(door.state);
  element("player").hidden = (reading.on && ON_AIR.has(door.state)) || !(ON_AIR.has(door.state) || waitable || following);
  button.textContent = say(wanted ? "stop" : waitable ? "music" : "listen");
}

function showTime() {
  const time = element("when");
  const known = door.state === "scheduled" && door.scheduled_ms;
  time.hidden = element("calendar").hidden = !known;
  if (!known) return;
  const left = Math.round((known - Date.now()) / 1000);
  /** @param {number} number */
  const pad = (number) => String(number).padStart(2, "0");
  const clock = `${Math.floor(left / 3600)}:${pad(Math.floor(left / 60) % 60)}:${pad(left % 60)}`;
  const day = new Intl.DateTimeFormat(root.lang, { dateStyle: "full", timeStyle: "short" }).format(known);
  const text = left > 86400 ? "" : left > 0 ? say("starts_in", { time: clock }) : say("starts_soon");
  time.textContent = `${day}${text && ` · ${text}`}`;
}

// How far behind the newest sound one is; a listener who paused or was cut off may jump to it.
function showBehind() {
  const behind = wanted && ON_AIR.has(door.state) ? player.behind() : null;
  const seconds = Math.max(0, Math.round((behind ?? 0) + (following ? door.overflow_s : 0)));
  element("behind").textContent = behind === null ? "" : say("behind", { seconds });
  element("catch-up").hidden = behind === null || behind < LATE_S || following;
}

/** @param {PulseSeat[]} seats */
function showSeats(seats) {
  const now = JSON.stringify([root.lang, seats.map(({ level, ...seat }) => seat)]);
  if (now === drawn) return;
  drawn = now;
  const rows = seats.map((seat) => {
    const row = document.createElement("li");
    const role = document.createElement("span");
    row.className = seat.talking ? "talking" : "";
    row.append(portraits.of(seat.id, seat.name), seat.name);
    role.className = "role";
    role.textContent = say(seat.talking ? "talking" : seat.muted ? "muted" : seat.role);
    row.append(role);
    return row;
  });
  element("seats").replaceChildren(...rows);
  element("nobody").hidden = rows.length > 0;
}

/** @param {Pulse} pulse */
function showPulse(pulse) {
  portraits.listeners = pulse.listeners;
  showSeats(pulse.seats);
  element("count").textContent =
    pulse.listeners === 1
      ? say("listeners_one")
      : say("listeners_many", { count: new Intl.NumberFormat(root.lang).format(pulse.listeners) });
  const talking = pulse.seats.filter((seat) => seat.talking).map((seat) => seat.name);
  reactions.show(pulse.reactions ?? {}, root.lang);
  player.describe(door.title, talking.join(", ") || say("app"));
  if (pulse.state !== door.state) askSoon();
  else if (pulse.pinned > door.pinned) askSoon(PINS_S);
}

async function askDoor() {
  const before = door.state;
  try {
    door = await fetchJson(`${base}door.json`);
    showDoor();
    if (wanted && (before !== door.state || !player.on || outside)) play();
    if (full && !player.on) element("sound").textContent = "";
    full = false;
  } catch (error) {
    // the edge is full, or away for a moment: what is on the page still holds
    full = Boolean(error.full);
    if (full && !player.on) element("sound").textContent = say("full");
    if (wanted && !player.on) {
      plan(retry());
      return;
    }
  }
  plan(ON_AIR.has(door.state) && (player.on || reading.on) && !outside ? [20, 40] : door.retry_s);
}

/**
 * Full jitter: at random from now to twice as late each time, beginning with what the door says.
 * @returns {Pace}
 */
function retry() {
  const [, to] = door.retry_s;
  losses = Math.min(losses + 1, 4);
  return [0.2, to * 2 ** (losses - 1)];
}

/** @param {Pace} pace */
function plan(pace) {
  clearTimeout(doorTimer);
  soon = false;
  doorTimer = setTimeout(askDoor, between(pace));
}

/**
 * Pulses come three times a second: only the first that tells of a change sets the time, the others would put it off.
 * @param {Pace} pace
 */
function askSoon(pace = [0.2, 1.5]) {
  if (soon) return;
  plan(pace);
  soon = true;
}

function askAgain() {
  if (!wanted) return;
  following = false;
  const loop = bridge.kept();
  if (loop) player.bridge(loop);
  element("sound").textContent = say(full ? "full" : "reconnecting");
  plan(retry());
}

// Who follows reads what is said there, from where the sound comes.
function offerCaptions() {
  const live = ON_AIR.has(door.state) ? door.streams.captions : null;
  captions.offer(live && following ? new URL("captions.json", new URL(followed, location.href)).href : live);
}

function play() {
  if (ON_AIR.has(door.state)) {
    bridge.keepLater(player.playable(door.streams.hold));
    enter();
  } else if (door.state === "scheduled") player.loop(door.streams.hold);
  else if (!following) {
    wanted = false;
    player.stop();
  }
}

// In, when the door lets us; else music out of our own cache until it does, without another press. Who follows is told
// that there is room, and not torn out of the sentence he hears.
async function enter() {
  admitted = await gate.admits(door);
  if (!wanted || !ON_AIR.has(door.state)) return;
  if (following) {
    showOutside();
    return;
  }
  if (admitted) {
    outside = false;
    player.listen(gate.streams(door), door.doors_open_ms);
    gate.ask();
  } else if (!outside || !player.on) {
    outside = true;
    player.loop(door.streams.hold);
    plan(door.retry_s);
  }
  showOutside();
}

function showOutside() {
  const shown = outside && wanted;
  const seen = shown ? gate.outlook(door) : null;
  const minutes = new Intl.NumberFormat(root.lang, { style: "unit", unit: "minute", unitDisplay: "long", maximumFractionDigits: 1 });
  const delay = minutes.format((door.overflow_s ?? 0) / 60);
  element("outside").hidden = !shown;
  element("follow").hidden = !shown || (following ? !(admitted && ON_AIR.has(door.state)) : !door.streams.overflow);
  element("follow").textContent = following ? say("go_live") : say("follow", { delay });
  if (!shown) return;
  if (following) {
    element("outside").textContent = `${say("following", { delay })} ${admitted ? say("room") : ""}`;
    return;
  }
  const share = new Intl.NumberFormat(root.lang, { style: "percent" }).format(seen?.ahead ?? 1);
  const parts = [say(door.held ? "limited" : "outside")];
  if (seen && !door.held) parts.push(say("ahead", { share }));
  if (seen?.minutes) parts.push(say(seen.minutes === 1 ? "minute" : "minutes", { count: seen.minutes }));
  element("outside").textContent = parts.join(" ");
}

element("play").addEventListener("click", () => {
  wanted = !wanted;
  if (wanted) play();
  else player.stop();
  if (!wanted) outside = following = false;
  showButton();
  showOutside();
});
element("follow").addEventListener("click", () => {
  following = !following;
  if (following) {
    followed = door.streams.overflow ?? "";
    player.listen({ hls: followed }, door.doors_open_ms);
  } else play();
  offerCaptions();
  showOutside();
});
element("comments").addEventListener("toggle", showComments);
element("catch-up").addEventListener("click", () => player.goLive() || play());
player.onToggle((on) => {
  wanted = on && !reading.on;
  if (wanted) play();
  else player.stop();
  showButton();
});

remembered(element("gentle"), "gentle", (on) => {
  player.gentle = on;
});
// In another site's frame there is room for the player only.
if (!("embedded" in root.dataset)) {
  remembered(element("text-only"), "text-only", (on) => {
    wanted = wanted && !on;
    if (on && player.way) player.stop();
    reading.turn(on);
    showButton();
  });
}

// The pulse in step with the sound when it came inside the sound; else asked for, as rarely as is bearable.
setInterval(() => {
  showTime();
  showBehind();
  player.watch();
  player.keepUp();
  const heard = player.chunk();
  captions.heard(heard, player.on && player.way !== "hold");
  const pulse = heard === null ? null : pulses.at(heard);
  if (pulse) showPulse(pulse);
}, 320);
setInterval(async () => {
  if (reading.on || document.hidden || !ON_AIR.has(door.state) || pulses.fresh) return;
  try {
    pulses.put(await fetchJson(`${base}pulse.json`));
    if (player.chunk() === null && pulses.newest) showPulse(pulses.newest);
  } catch {
    // none this time
  }
}, 3000);

element("plain").hidden = true;
await chooseLanguage();
showDoor();
plan(door.state === "replay" || door.state === "cancelled" ? [60, 120] : door.retry_s);
