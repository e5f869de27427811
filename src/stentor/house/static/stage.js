// A speaker's page: our own seat, the people on the stage, and what hosts lead a space with.

import { Announcing } from "./announcing.js";
import { $, about, ask, button, lights, pause, sure, text, when } from "./page.js";
import { Aside } from "./aside.js";
import { Audience } from "./audience.js";
import { Numbers } from "./numbers.js";
import { BackChannel } from "./back-channel.js";
import { Polls } from "./ballots.js";
import { Bar } from "./bar.js";
import { Captions } from "./captions.js";
import { Delay } from "./delay.js";
import { Door } from "./door.js";
import { Edit } from "./edit.js";
import { follow } from "./event-stream.js";
import { Keep } from "./keep.js";
import { Ladder } from "./ladder.js";
import { Line } from "./line.js";
import { listenOn } from "./listen-on.js";
import { People } from "./people.js";
import { Moderation } from "./moderation.js";
import * as microphone from "./microphone.js";
import { OwnSeat, say, warn } from "./own-seat.js";
import { Pins } from "./pins.js";
import { Editions } from "./editions.js";
import { Removal } from "./removal.js";
import { Rundown } from "./rundown.js";
import { Sounds } from "./sounds.js";
import { sent } from "./sent.js";
import { Setup } from "./setup.js";
import { Shortcuts } from "./shortcuts.js";
import { Start } from "./start.js";
import { Summary } from "./summary.js";
import { OVER, told } from "./told.js";

/** @type {StagePage} */
const space = JSON.parse($("page").textContent);
/** @type {Record<string, string>} */
const ENDED = { banned: "error.banned", "link-renewed": "error.link_ended" };
const WARN_MS = 30 * 60e3; // before a space without a host ends by itself
const NEXT_MS = 200; // so long after a stream ended the next is asked for
const AGAIN_MS = 2000; // after one that broke off, or that there was none
const TICK_MS = 1000;
let token = space.seated ? "" : invitation(); // whose seat is their account's needs no link
/** @type {SpaceView | null} */
let view = null; // what the house says of the space and of us
let declined = false; // we have given our seat back
let lookedMs = 0; // by the house's clock: when the view was made

const own = new OwnSeat({ space: space.id, token, command, turned });
const people = new People({ space: space.id, token, command, silent: () => own.muted });
const aside = new Aside({ space: space.id, token, own });
const bar = new Bar({ press, token: () => token });
const start = new Start({ space: space.id, token, command });
const backChannel = new BackChannel({ space: space.id, token, command });
const pins = new Pins({ space: space.id, token, command });
const sounds = new Sounds({ space: space.id, token, command });
/** @param {Record<string, unknown>} body */
const change = (body) => command(() => ask("PATCH", `/spaces/${space.id}`, { token, body }));
const line = new Line({ space: space.id, token, command, change });
const moderation = new Moderation({ space: space.id, token, command, change });
const ladder = new Ladder({ space: space.id, token, command });
const removal = new Removal({ space: space.id, token, command });
const editions = new Editions({ space: space.id, token, command, change });
const polls = new Polls({ space: space.id, token, command });
const delay = new Delay({ space: space.id, token, command });
const door = new Door({ space: space.id, token, command });
const edit = new Edit({ space: space.id, token, command });
const setup = new Setup({ space: space.id, token, command });
const announcing = new Announcing({ space: space.id, token, command });
const audience = new Audience();
const summary = new Summary({ space: space.id, token, account: space.account });
new Numbers({ space: space.id, token });
const keys = { r: () => bar.drawer.show("line"), c: () => bar.drawer.show("comments"), i: () => bar.invite(), d: () => delay.dump(), t: () => aside.toggle() };
new Shortcuts({ own, acts: keys, sound: (number) => sounds.play(number) });
const captions = new Captions({ space: space.id, token, command });
const rundown = new Rundown({ space: space.id, token, command });
const keep = new Keep({ space: space.id, token, command });
const parts = [people, start, backChannel, pins, sounds, line, moderation, ladder, removal, editions, polls, delay, door, edit, setup, announcing, rundown, keep, captions, summary, aside];

/**
 * The token from `#t=`, which lacks the space that it begins with, or `#token=`: neither is ever sent to a server. It
 * is kept for reloads of this tab.
 */
function invitation() {
  const kept = `stentor-invitation-${space.id}`;
  const hidden = new URLSearchParams(location.hash.slice(1));
  const short = hidden.get("t");
  const given = short ? `${space.id}.${short}` : hidden.get("token");
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
  own.become("");
}

/** The page has something to show; before, a press would find nothing that it could act on. */
function enter() {
  $("blocked").textContent = "";
  $("stage-parts").hidden = false;
}

/** @param {string} sentence */
function block(sentence) {
  $("stage-parts").hidden = true;
  $("blocked").textContent = sentence;
}

/** We go onto the stage, or are off it. */
function turned(on = false) {
  offerToDecline(on);
  bar.turned(on);
}

/** Whoever has not come onto the stage may give the seat back; a host hands over first. */
function offerToDecline(on = own.wanted) {
  $("decline").hidden = on || !view?.you.seat || view.you.role === "host" || OVER.has(view.state);
}

async function decline() {
  if (!await sure(text("stage.sure_decline"), text("stage.decline"))) return;
  try {
    await ask("DELETE", `/spaces/${space.id}/seats/${view?.you.seat}`, { token });
    declined = true;
    refuse();
  } catch (error) {
    warn(text("error.unknown", { detail: error.message }));
  }
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
  $("phase").textContent = `${headline} · ${sentence}`;
  $("mic").hidden = OVER.has(view.state) || !view.you.seat;
  $("join").hidden ||= !view.you.seat;
  $("status").hidden = !view.you.seat;
  $("stage-parts").dataset.over = String(OVER.has(view.state));
  if (!view.you.seat) $("you").textContent = text("stage.looking");
  else $("you").textContent = text("stage.you_are", { name: view.you.name, role: text(`role.${view.you.role}`) });
  $("lights").replaceChildren(...lights(view.lights), ...view.destinations.map((one) => sent(one, "", one.name)));
  $("ending").textContent = ending();
  hostButtons();
  bar.draw(view);
  offerToDecline();
  ladder.draw(view);
  delay.draw(view);
  door.draw(view);
  edit.draw(view);
  setup.draw(view);
  announcing.draw(view);
  rundown.draw(view);
  keep.draw(view);
  removal.draw(view);
  editions.draw(view);
}

/** A warning when the space is soon to end by itself. */
function ending() {
  if (!view || view.ends_ms === null || view.ends_ms - Date.now() > WARN_MS) return "";
  return text("stage.ends_by_itself", { time: when(view.ends_ms) });
}

/** What is to be pressed before the talk; the next step is the one that stands out. */
function hostButtons() {
  const verbs = (view?.you?.may ?? []).filter((verb) => ["doors", "live"].includes(verb));
  if ($("host-buttons").dataset.verbs === verbs.join()) return;
  $("host-buttons").dataset.verbs = verbs.join();
  const next = view?.state === "scheduled" ? "doors" : "live";
  $("host-buttons").replaceChildren(...verbs.map((verb) =>
    button(text(`do.${verb}`), () => start.press(verb), { className: verb === next ? "primary" : "" })));
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

/** Shows at once what came of an action of ours. */
async function look() {
  show(await ask("GET", `/spaces/${space.id}`, { token, timeout: 4000 }));
}

/**
 * Shows what the house says of the space.
 * @param {SpaceView} found
 */
function show(found) {
  if (!own.seat && $("status").textContent === text("error.house")) say(text("status.ready"));
  if (view && (found.version - view.version || found.now_ms - lookedMs) < 0) return; // a newer one was faster
  lookedMs = found.now_ms;
  if (!view) enter();
  view = found;
  own.look(found);
  draw();
  start.show(found);
  pins.draw(found);
  sounds.draw(found);
  backChannel.look(found);
  moderation.look(found);
  polls.look(found);
  audience.look(found);
  captions.look(found);
  line.look(found);
  summary.look(found);
  aside.look(found);
}

/** What depends on the time; nothing is asked for. */
function tick() {
  if (!view) return;
  view = { ...view, now_ms: Date.now() + own.ahead };
  own.look(view);
  draw();
}

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
$("decline").addEventListener("click", decline);

/** Shows what the house tells of the space and its stage, as long as we may see it. */
async function watch() {
  const heard = {
    /** @param {SpaceView} found */
    view: (found) => {
      const first = !view;
      show(found);
      if (first && found.you.seat) own.back();
    },
    /** @param {SeatStatus[]} seats */
    seats: (seats) => {
      people.hear(seats);
      aside.hear(seats);
    },
    /** @param {{ requests: Waiting[] } | null} told */
    requests: (told) => line.hear(told),
    backstage: () => backChannel.news(),
    comments: () => moderation.news(),
    opened: () => { backChannel.news(); moderation.news(); }, // what was written while nothing came
  };
  while (!declined) {
    const asked = token;
    let wait = NEXT_MS;
    try {
      await follow(space.id, token, heard);
    } catch (error) {
      if (declined) return;
      if (asked !== token) continue; // asked by the link while it was claimed
      if (error.status === 401 || error.status === 403) return refuse(error.code);
      if (error.code === "space-not-found") return block(text("notice.space"));
      if (!view) block(text("error.house"));
      else if (!own.seat) say(text("error.house"));
      people.hear([]); // then what a view says is newer
      aside.hear([]);
      wait = AGAIN_MS;
    }
    await pause(about(wait));
  }
}

function refuse(code = "") {
  sessionStorage.removeItem(`stentor-invitation-${space.id}`);
  own.stop("");
  block(text(declined ? "stage.declined" : ENDED[code] ?? (view ? "error.audience" : "error.token")));
  if (view) listenOn(view);
}

const obstacle = microphone.blocked();
if (!token && !space.seated && !space.looks) block(text("error.no_token"));
else if (obstacle && !space.looks) block(text(obstacle));
else {
  own.green.choices(own.stream);
  const ticking = setInterval(tick, TICK_MS);
  watch().finally(() => clearInterval(ticking));
}
