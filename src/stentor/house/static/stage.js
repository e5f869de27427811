// A speaker's page: joins the stage with the browser's microphone.

import { $, about, ask, button, lights, pause, text, when } from "./page.js";
import { Backstage } from "./backstage.js";
import { Door } from "./door.js";
import { GreenRoom, MUSIC_BPS } from "./green-room.js";
import { Here } from "./here.js";
import { invite } from "./invite.js";
import { Keep } from "./keep.js";
import { Ladder } from "./ladder.js";
import { Line } from "./line.js";
import { listenOn } from "./listen-on.js";
import { follow as followTalk, People } from "./people.js";
import { Moderation } from "./moderation.js";
import * as microphone from "./microphone.js";
import { Pins } from "./pins.js";
import { Removal } from "./removal.js";
import { Sounds } from "./sounds.js";
import { Start } from "./start.js";
import { told } from "./told.js";
import { Seat } from "./whip.js";

/** @type {StagePage} */
const space = JSON.parse($("page").textContent);
const OVER = new Set(["ended", "replay", "cancelled"]);
/** @type {Record<string, string>} */
const ENDED = { banned: "error.banned", "link-renewed": "error.link_ended" };
const WARN_MS = 30 * 60e3; // before a space without a host ends by itself
const RENEW_MS = 8000; // what the house says of a seat may be some seconds old
const here = new Here(space.id, () => Boolean(seat?.wanted && view && ["live", "interrupted"].includes(view.state)));
let token = space.seated ? "" : invitation(); // whose seat is their account's needs no link
/** @type {SpaceView | null} */
let view = null; // what the house says of the space and of us
/** @type {Seat | null} */
let seat = null;
/** @type {MediaStream | null} */
let stream = null;
let muted = false; // our own microphone is off
let hostMuted = false; // a host has muted our seat
let declined = false; // we have given our seat back
let joined = 0; // when the connection was made, by performance.now()
let ahead = 0; // ms of the house's clock before ours

const meter = new microphone.Meter($("level"), (silent) => warn(silent ? text("status.silent") : ""));
const people = new People({ space: space.id, token, command, silent: () => muted });
const start = new Start({ space: space.id, token, command });
const backstage = new Backstage({ space: space.id, token, command });
const pins = new Pins({ space: space.id, token, command });
const sounds = new Sounds({ space: space.id, token, command });
/** @param {Record<string, unknown>} body */
const change = (body) => command(() => ask("PATCH", `/spaces/${space.id}`, { token, body }));
const line = new Line({ space: space.id, token, command, change });
const moderation = new Moderation({ space: space.id, token, command, change });
const ladder = new Ladder({ space: space.id, token, command });
const removal = new Removal({ space: space.id, token, command });
const door = new Door({ space: space.id, token, command });
const keep = new Keep({ space: space.id, token, command });
const green = new GreenRoom({ space: space.id, token, use, warn: (sentence) => warn(sentence) });
const parts = [people, start, backstage, pins, sounds, line, moderation, ladder, removal, door, keep, green];
/** @param {string} sentence */
const say = (sentence) => { if ($("status").textContent !== sentence) $("status").textContent = sentence; };
/** @param {string} sentence */
const warn = (sentence) => { $("warning").textContent = sentence; };

/** The token from `#token=` (never sent to a server) or `?t=`; it is kept for reloads of this tab. */
function invitation() {
  const kept = `stentor-invitation-${space.id}`;
  const given = new URLSearchParams(location.hash.slice(1)).get("token") ?? new URLSearchParams(location.search).get("t");
  if (given) {
    sessionStorage.setItem(kept, given);
    history.replaceState(null, "", location.pathname); // so that a shown or shared address gives no key away
  }
  return given ?? sessionStorage.getItem(kept) ?? "";
}

/** The link opens nothing any more: from now on the session says who we are, also on the stage. */
function forgetLink() {
  sessionStorage.removeItem(`stentor-invitation-${space.id}`);
  token = "";
  for (const part of parts) part.token = "";
  if (!seat) return;
  seat.token = "";
  seat.renew(); // the stage lets go whoever came by the link
}

/** @param {string} sentence */
function block(sentence) {
  $("desk").hidden = true;
  $("blocked").textContent = sentence;
}

/** Goes onto the stage: somebody has pressed the button, or the page was loaded `again` while we were there. */
async function join(again = false) {
  warn("");
  $("join").disabled = true;
  say(text("status.microphone"));
  let opened;
  try {
    green.leave();
    opened = await use();
  } catch (error) {
    say(text("status.ready"));
    warn(text(microphone.reason(error)));
    buttons();
    return;
  }
  agree();
  if (!again) await here.take(Date.now() + ahead);
  here.keep(muted);
  const url = `/whip/${space.id}`;
  seat = new Seat({ url, token, takenMs: here.takenMs, stream: opened, audio: $("mix"), bps: bitrate(), iceServers: view?.ice_servers ?? [] });
  seat.addEventListener("change", changed);
  seat.addEventListener("blocked", () => { $("hear").hidden = false; });
  seat.join();
}

/** Whoever goes onto the stage has read beside the button that all is recorded; that is kept with the recording. */
function agree() {
  const own = view?.seats.find(({ id }) => id === view?.you.seat);
  if (own && own.agreed_ms === null) command(() => ask("PATCH", `/spaces/${space.id}/seats/${own.id}`, { token, body: { agreed: true } }));
}

/** Opens the microphone as it is wanted and puts it where the old one was. */
async function use() {
  const opened = await microphone.open(green.wishes);
  stream?.getTracks().forEach((track) => track.stop());
  stream = opened;
  opened.getAudioTracks()[0].enabled = !muted;
  meter.start(opened);
  await seat?.replace(opened, bitrate());
  await green.choices(stream);
  return stream ?? opened;
}

/** The most that our sound may cost; 0 leaves it to the browser, which knows speech. */
const bitrate = () => (green.wishes.music ? MUSIC_BPS : 0);

function changed() {
  if (!seat) return;
  const { state, problem } = seat;
  if (state === "connecting" || state === "reconnecting") say(text(`status.${state}`));
  if (state === "waiting" && problem) say(waiting(problem));
  if (state === "connected") {
    sayMuted();
    tellMuted();
    joined = performance.now();
    warn("");
  }
  if (state === "refused" && problem) stop(problem.code === "displaced" ? text("status.elsewhere") : refusal(problem));
  if (state === "left") say(text("status.left"));
  buttons();
}

/** Whoever is on the stage with another device may go on here. */
function offerToMove() {
  const elsewhere = Boolean(!seat && view && here.elsewhere(view));
  $("join").textContent = text(elsewhere ? "stage.use_here" : "stage.join");
  if (elsewhere) say(text("status.elsewhere"));
  else if ($("status").textContent === text("status.elsewhere")) say(text("status.ready"));
}

/**
 * Why the stage does not take us now, though it may soon.
 * @param {StageProblem} problem
 */
function waiting({ code, detail, status }) {
  if (code === "stage-full") return text("error.full");
  if (view && OVER.has(view.state)) return over(view);
  if (view?.state === "scheduled") return text("status.waiting_doors");
  return status === 503 ? text("status.reconnecting") : detail || text("status.reconnecting");
}

/**
 * Why the stage does not take us at all.
 * @param {StageProblem} problem
 */
function refusal({ detail, status }) {
  if (status === 401 || status === 403) return text("error.token");
  return text("error.unknown", { detail });
}

function buttons() {
  const joined = Boolean(seat?.wanted);
  $("join").hidden = joined;
  $("join").disabled = false;
  offerToMove();
  for (const id of ["mute", "leave"]) $(id).hidden = !joined;
  offerToDecline();
  if (joined) return;
  $("hear").hidden = true;
  green.enter();
}

/** Whoever has not come onto the stage may give the seat back; a host hands over first. */
function offerToDecline() {
  $("decline").hidden = Boolean(seat?.wanted) || !view?.you || view.you.role === "host" || OVER.has(view.state);
}

async function decline() {
  if (!confirm(text("stage.sure_decline"))) return;
  try {
    await ask("DELETE", `/spaces/${space.id}/seats/${view?.you.seat}`, { token });
    declined = true;
    refuse();
  } catch (error) {
    warn(text("error.unknown", { detail: error.message }));
  }
}

/**
 * Ends our part; the microphone is let go, its lamp goes out.
 * @param {string} sentence
 */
function stop(sentence) {
  const leaving = seat;
  here.leave(sentence === text("status.elsewhere"));
  seat = null;
  leaving?.removeEventListener("change", changed);
  leaving?.leave();
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  meter.stop();
  say(sentence);
  buttons();
}

/** Mutes our microphone, or unmutes it and, if a host has muted it, our seat. */
function mute() {
  if (!seat || !stream) return;
  muted = !(muted || hostMuted);
  here.keep(muted);
  stream.getAudioTracks()[0].enabled = !muted;
  tellMuted();
  if (hostMuted) {
    hostMuted = false;
    command(() => ask("PATCH", `/spaces/${space.id}/seats/${view?.you.seat}`, { token, body: { muted: false } }));
  }
  showMuted();
}

/** The others see at once that our microphone is off; a house that is away learns it with the next connection. */
function tellMuted() {
  ask("PATCH", `/spaces/${space.id}/seats/${view?.you.seat}`, { token, body: { self_muted: muted } }).catch(() => {});
}

function showMuted() {
  $("mute").textContent = text(muted || hostMuted ? "stage.unmute" : "stage.mute");
  $("mute").setAttribute("aria-pressed", String(muted || hostMuted));
  if (seat?.state === "connected") sayMuted();
}

function sayMuted() {
  say(text(hostMuted ? "status.host_muted" : muted ? "status.connected_muted" : "status.connected"));
}

let drawn = "";
function draw() {
  if (!view) return;
  people.draw(view);
  const now = JSON.stringify(view);
  if (now === drawn) return;
  drawn = now;
  $("state").textContent = text(`phase.${view.phase}.chip`);
  $("state").dataset.state = view.state;
  const [headline, sentence] = told(view);
  $("phase").textContent = OVER.has(view.state) ? "" : `${headline} · ${sentence}`; // then the status says it
  if (view.you) $("you").textContent = text("stage.you_are", { name: view.you.name, role: text(`role.${view.you.role}`) });
  $("lights").replaceChildren(...lights(view.lights));
  $("ending").textContent = ending();
  hostButtons();
  offerToDecline();
  offerToMove();
  ladder.draw(view);
  door.draw(view);
  keep.draw(view);
  removal.draw(view);
}

/**
 * What is to be said of a space that is over.
 * @param {SpaceView} view
 */
const over = (view) => told(view).map((sentence) => sentence.replace(/[^.]$/, "$&.")).join(" ");

/** A warning when the space is soon to end by itself. */
function ending() {
  if (!view || view.ends_ms === null || view.ends_ms - Date.now() > WARN_MS) return "";
  return text("stage.ends_by_itself", { time: when(view.ends_ms) });
}

function hostButtons() {
  const verbs = (view?.you?.may ?? []).filter((verb) => ["doors", "live", "end", "invite", "mute_speakers"].includes(verb));
  if ($("host-buttons").dataset.verbs === verbs.join()) return;
  $("host-buttons").dataset.verbs = verbs.join();
  $("host-buttons").replaceChildren(...verbs.map(hostButton));
}

/** @param {string} verb */
function hostButton(verb) {
  if (verb === "invite") return button(text("do.invite"), () => view && invite(view, token));
  if (verb === "mute_speakers") return button(text("seat.mute_speakers"), () => press("mute"));
  const next = view?.state === "scheduled" ? "doors" : "live"; // the one that is to be pressed, if any
  if (verb !== "end") return button(text(`do.${verb}`), () => start.press(verb), { className: verb === next ? "primary" : "" });
  return button(text("do.end"), () => {
    if (confirm(text("do.sure_end", { title: view?.title }))) press("end");
  });
}

/** @param {string} verb */
function press(verb) {
  command(() => ask("POST", `/spaces/${space.id}/${verb}`, { token }));
}

/**
 * Runs an action of ours, shows what came of it or why it did not work.
 * @type {Command}
 */
async function command(action) {
  try {
    await action();
    await look();
  } catch (error) {
    warn(text("error.unknown", { detail: error.message }));
  }
}

async function look() {
  /** @type {SpaceView} */
  const found = await ask("GET", `/spaces/${space.id}`, { token, timeout: 4000 });
  view = found;
  ahead = found.now_ms - Date.now();
  const now = Boolean(found.seats.find(({ id }) => id === found.you.seat)?.muted);
  if (now !== hostMuted) {
    hostMuted = now;
    showMuted();
  }
  draw();
  green.look(found);
  start.show(found);
  pins.draw(found);
  sounds.draw(found);
  backstage.look(found);
  moderation.look(found);
  await line.look(found);
  // Sound may fail in one direction only: then the stage knows, and we do not.
  const unheard = found.seats.some(({ id, state }) => id === found.you.seat && state === "lost");
  if (unheard && seat?.state === "connected" && performance.now() - joined > RENEW_MS) seat.renew();
  if (OVER.has(found.state)) {
    if (seat) stop(over(found));
    else say(over(found));
    $("join").disabled = true;
    $("join").hidden = true;
  }
}

$("join").addEventListener("click", () => join());
$("claim").hidden = !token || !space.account || space.seated;
$("claim").addEventListener("click", async (/** @type {EventOn<HTMLElement>} */ { target }) => {
  try {
    await ask("POST", `/spaces/${space.id}/claim`, { body: { token } });
    forgetLink();
    target.hidden = true;
    say(text("stage.claimed"));
  } catch (error) {
    warn(error.message);
  }
});
$("mute").addEventListener("click", mute);
$("leave").addEventListener("click", () => stop(text("status.left")));
$("decline").addEventListener("click", decline);
$("hear").addEventListener("click", () => $("mix").play().then(() => { $("hear").hidden = true; }, () => {}));
for (const id of ["microphone", "music"]) {
  $(id).addEventListener("change", () => stream && use().catch((/** @type {Error} */ error) => warn(text(microphone.reason(error)))));
}
document.addEventListener("keydown", (event) => {
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(/** @type {Element} */ (event.target).tagName);
  if (event.key?.toLowerCase() === "m" && !event.repeat && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) mute();
});
window.addEventListener("pagehide", () => seat?.leave());

/** Goes back onto the stage where this tab was before it was loaded again. */
async function back() {
  const before = await here.before();
  if (!before || seat || $("join").disabled) return;
  muted = before.muted;
  showMuted();
  await join(true);
}

async function follow() {
  let first = true;
  while (!declined) {
    const asked = token;
    try {
      await look();
      if (first) await back();
      first = false;
    } catch (error) {
      if (declined) return;
      if (asked !== token) continue; // asked by the link while it was claimed
      if (error.status === 401 || error.status === 403) return refuse(error.code);
      if (error.status === 404) return block(text("notice.space"));
      if (!seat) say(text("error.house"));
    }
    if (!seat && $("status").textContent === text("error.house") && view) say(text("status.ready"));
    await pause(about(seat ? 1000 : 3000));
  }
}

function refuse(code = "") {
  sessionStorage.removeItem(`stentor-invitation-${space.id}`);
  stop("");
  block(text(declined ? "stage.declined" : ENDED[code] ?? (view ? "error.audience" : "error.token")));
  if (view) listenOn(view);
}

const obstacle = microphone.blocked();
if (!token && !space.seated) block(text("error.no_token"));
else if (obstacle) block(text(obstacle));
else {
  $("desk").hidden = false;
  navigator.mediaDevices.addEventListener?.("devicechange", () => green.choices(stream));
  green.choices(stream);
  follow();
  followTalk(space.id, () => token, (seats) => people.hear(seats), { backstage: () => backstage.news(), comments: () => moderation.news() });
}
