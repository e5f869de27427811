// Draws the listener's page: what door.json and the pulse say, and what the listener does (listening.js).

import { Captions } from "./captions.js";
import { known, language, say } from "./language.js";
import { ON_AIR, audible } from "./listening.js";
import { facts, phase, words } from "./phase.js";
import { showPins } from "./pins.js";
import { Portraits } from "./portraits.js";
import { Reactions } from "./reactions.js";
import { linked } from "./shared/about.js";
import { $, element } from "./shared/element.js";
import { icon } from "./shared/icon.js";
import { UNITS, relative } from "./shared/texts.js";

const TALKING = new Set(["live", "interrupted"]);
const GONE = new Set(["cancelled", "removed"]);
const FEWEST_TOLD = 3; // of listeners: fewer are no audience, or not counted yet
const LATE_S = 12; // an ordinary HLS player is 8 to 12 s behind

/**
 * A reader that speaks says again what is written again.
 * @param {HTMLElement} node
 * @param {string} text
 */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * "2 days, 4 hr": the two largest units of what is left.
 * @param {number} ms
 */
function left(ms) {
  const first = Math.max(0, UNITS.findIndex(([, full]) => ms >= full));
  let rest = ms;
  const parts = UNITS.slice(0, first + 2).map(([unit, full]) => {
    const count = Math.floor(rest / full);
    rest -= count * full;
    return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "short" }).format(count);
  });
  return parts.slice(first).join(" ");
}

/** The buttons of the bar for what stands further down, or comes from below: comments and what experts want. */
function openPanels() {
  for (const [button, panel] of [[$("chat"), $("comments")], [$("more"), $("ways")]]) {
    button.addEventListener("click", () => {
      panel.open = !panel.open;
      if (panel.open) panel.querySelector("summary").focus();
    });
    panel.addEventListener("keydown", (/** @type {KeyboardEvent} */ { key }) => {
      if (key !== "Escape") return;
      panel.open = false;
      button.focus();
    });
  }
}

/** @param {number} seconds */
function minutes(seconds) {
  return new Intl.NumberFormat(language(), { style: "unit", unit: "minute", unitDisplay: "long", maximumFractionDigits: 1 }).format(seconds / 60);
}

/**
 * Since when it is live, or the day of the recording.
 * @param {DoorDocument} door
 */
function since({ state, live_ms: live }) {
  if (live && TALKING.has(state)) return say("since", { time: new Intl.DateTimeFormat(language(), { timeStyle: "short" }).format(live) });
  return live && state === "replay" ? new Intl.DateTimeFormat(language(), { dateStyle: "long" }).format(live) : "";
}

/** Beside the word that says it: somebody talks. */
const bars = () => element("span", { className: "bars", ariaHidden: "true" }, element("i"), element("i"), element("i"));

export class View {
  #base;
  /** @type {PhaseTable} */
  #table = JSON.parse($("phases").textContent);
  #replayed = false; // whether the recording's player is loaded
  /** @type {Record<string, Promise<{ offer: (offer: any) => void } | null> | null>} */
  #opened = {};
  #about = ""; // what it is about, as it is shown
  /** @type {PulseSeat[] | null} */
  #onStage = null; // as the newest pulse has them
  #seats = ""; // who is in the list, and what is said of them
  /** @type {Listening} */
  #state;

  /**
   * `base` is the space's address with a slash at its end.
   * @param {string} base
   * @param {Listening} state
   */
  constructor(base, state) {
    this.#base = base;
    this.#state = state;
    this.portraits = new Portraits(() => this.#state.reading);
    this.captions = new Captions({ button: $("captions-switch"), panel: $("captions"), wait: $("captions-wait"), say });
    this.reactions = new Reactions({ base, say });
    for (const name of ["comments", "asked"]) $(name).addEventListener("toggle", () => this.#fillPanels());
    openPanels();
    $("plain").hidden = true;
  }

  /**
   * What changed since `state` was shown last; `outlook` is the device's place at the door.
   * @param {Listening} state
   * @param {Outlook | null} outlook
   */
  show(state, outlook) {
    const before = this.#state;
    this.#state = state;
    if (before.door !== state.door) this.showDoor();
    this.#showSound();
    this.#offerCaptions();
    this.#showOutside(outlook);
    document.documentElement.dataset.mode = state.mode;
    if (before.mode === state.mode && before.unreached === state.unreached) return;
    this.showPhase();
    this.#showSeats();
  }

  showDoor() {
    const { door } = this.#state;
    const on = ON_AIR.has(door.state);
    document.documentElement.dataset.state = door.state;
    document.title = `${door.title} · ${say("app")}`;
    $("title").textContent = door.title;
    this.#showAbout(door.description ?? "");
    for (const part of ["recorded", "ways", "ways-to-hear", "more"]) $(part).hidden = !on;
    write($("since"), since(door));
    if ($("hosted-by")) write($("hosted-by"), say("hosted_by", { host: door.host }));
    if (door.state !== "live") $("strip").style.transform = "";
    $("ask").hidden = !door.ask;
    if (door.ask) $("ask").querySelector("a").href = door.ask;
    showPins($("pins"), door, language());
    this.reactions.open(door.react);
    this.portraits.offer(door.portraits);
    this.#fillPanels();
    $("to-come").hidden ||= on;
    $("elsewhere").hidden = !GONE.has(door.state);
    $("recording").hidden = door.state !== "replay";
    if (door.state === "replay") this.#openReplay();
    this.#showSound();
    this.showPhase();
    this.#showSeats();
  }

  /** @param {string} description */
  #showAbout(description) {
    if (description === this.#about) return; // a link in it may have the focus
    this.#about = description;
    $("about").hidden = !description;
    $("about").replaceChildren(...linked(description));
  }

  #showSound() {
    const { door, mode, reading, sound } = this.#state;
    const on = ON_AIR.has(door.state);
    const waits = door.state === "scheduled";
    $("player").hidden = mode === "seat" || (reading && on) || !(on || waits || mode === "behind");
    const plays = mode !== "off" && sound !== "blocked";
    $("play").toggleAttribute("data-on", plays);
    write($("play-text"), say(plays ? "stop" : waits ? "music" : "listen"));
    write($("sound"), say(sound));
  }

  /**
   * What stands in a panel is loaded by those who open it; without a line it is tried again.
   * @param {"comments" | "asked"} name
   * @param {() => Promise<{ offer: (offer: any) => void }>} load
   */
  async #fill(name, load) {
    const offer = this.#state.door[name];
    $(name).hidden = !offer;
    if ($(name).open) this.#opened[name] ??= load().catch(() => (this.#opened[name] = null));
    (await this.#opened[name])?.offer(offer);
  }

  #fillPanels() {
    $("chat").hidden = !this.#state.door.comments;
    this.#fill("comments", async () => new (await import("./comments.js")).Comments({ panel: $("comments"), say, language }));
    this.#fill("asked", async () => new (await import("./asked.js")).Asked({ panel: $("asked"), space: this.#state.door.space, language }));
  }

  // The player of the recording is loaded by those who have one before them.
  async #openReplay() {
    if (this.#replayed) return;
    this.#replayed = true;
    const module = await import("./replay.js").catch(() => null);
    this.#replayed = Boolean(module); // without a line the door's next answer tries again
    const { portraits } = this;
    if (module) new module.Replay({ base: this.#base, door: this.#state.door, say, portraits, language: language() }).open();
  }

  // Who follows reads what is said there, from where the sound comes. The last words come after the end of the talk.
  #offerCaptions() {
    const { door, mode, follows, reading } = this.#state;
    const { captions: live, transcript } = door.streams;
    const newest = mode === "behind" ? new URL("captions.json", new URL(follows, location.href)).href : live;
    const on = ON_AIR.has(door.state);
    const there = live && newest && (on || door.state === "ended");
    this.captions.offer(there ? { newest, whole: transcript ?? live } : null, { reading, may: on || Boolean(there) });
    $("turns-read").hidden = !reading || Boolean(there);
  }

  // What is true now: time alone makes it something else.
  showPhase() {
    const now = Date.now();
    const { door, heard } = this.#state;
    const found = phase(this.#table, facts(this.#table, this.#state, now));
    const { chip, headline, say: sentence } = words(this.#table, found, !heard);
    const values = this.#values(now);
    document.documentElement.dataset.phase = found;
    $("state").dataset.state = ["full", "unreached"].includes(found) ? "warn" : door.state;
    write($("state"), say(chip));
    write($("headline"), say(headline, values));
    write($("say"), known(sentence, values));
    const ahead = door.state === "scheduled" && door.scheduled_ms ? door.scheduled_ms - now : 0;
    $("calendar").hidden = ahead <= 0;
    if (ahead > 0) write($("countdown"), left(ahead));
  }

  /**
   * What the words have to be filled with; what nobody knows is not there.
   * @param {number} now
   */
  #values(now) {
    const { door, names } = this.#state;
    const { scheduled_ms: scheduled, live_ms: live, overflow_s: behind } = door;
    /** @type {Record<string, string | number>} */
    const values = { delay: minutes(behind ?? 0), host: door.host || say("the_host") };
    if (scheduled) {
      values.date = new Intl.DateTimeFormat(language(), { dateStyle: "full", timeStyle: "short" }).format(scheduled);
      values.in = relative(scheduled - now);
      values.minutes = Math.floor((now - scheduled) / 60_000);
    }
    if (live) values.ago = relative(Math.min(-1000, live - now));
    if (names.length) values.names = new Intl.ListFormat(language()).format(names).replace(/\.$/, ""); // its sentence ends behind it
    return values;
  }

  /**
   * How far behind the newest sound one is; a listener who paused or was cut off may jump to it.
   * @param {number | null} seconds
   */
  showBehind(seconds) {
    const { door, mode } = this.#state;
    const behind = mode !== "off" && ON_AIR.has(door.state) ? seconds : null;
    const follows = mode === "behind";
    const all = Math.max(0, Math.round((behind ?? 0) + (follows ? door.overflow_s : 0)));
    $("behind").textContent = behind === null ? "" : say("behind", { seconds: all });
    $("catch-up").hidden = behind === null || behind < LATE_S || follows;
  }

  /** @param {Pulse} pulse */
  showPulse(pulse) {
    this.portraits.listeners = pulse.listeners;
    this.#onStage = pulse.seats;
    const loudest = Math.max(-96, ...pulse.seats.filter(({ talking }) => talking).map(({ level }) => level));
    if (this.#state.door.state === "live") $("strip").style.transform = `scaleY(${Math.max(0.08, Math.min(1, 1 + loudest / 48))})`;
    this.#showSeats();
    const counts = pulse.listeners >= FEWEST_TOLD && !this.#state.unreached;
    $("count").textContent = counts ? say("listeners", { count: new Intl.NumberFormat(language()).format(pulse.listeners) }) : "";
    this.reactions.show(pulse.reactions ?? {}, language());
  }

  #showSeats() {
    const { door, mode, unreached } = this.#state;
    $("live").hidden = unreached || !ON_AIR.has(door.state);
    if ($("live").hidden) $("count").textContent = "";
    if (!this.#onStage) return; // the page came with them
    const seats = audible(mode, this.#onStage);
    const now = JSON.stringify([language(), seats.map(({ level, ...seat }) => seat)]);
    if (now === this.#seats) return;
    this.#seats = now;
    const rows = seats.map((seat) => element("li", { className: seat.talking ? "talking" : "" },
      this.portraits.of(seat.id, seat.name), seat.muted ? icon("muted") : null,
      element("span", { className: "name" }, seat.name),
      element("span", { className: "role" }, seat.talking ? bars() : null, say(seat.talking ? "talking" : seat.muted ? "muted" : seat.role))));
    $("seats").replaceChildren(...rows);
    $("nobody").hidden = rows.length > 0;
  }

  /** @param {Outlook | null} outlook */
  #showOutside(outlook) {
    const { door, mode, room } = this.#state;
    const follows = mode === "behind";
    const delay = minutes(door.overflow_s ?? 0);
    const shown = follows || mode === "outside";
    $("follow").hidden = !shown || (follows ? !(room && ON_AIR.has(door.state)) : !door.streams.overflow);
    $("follow").textContent = follows ? say("go_live") : say("follow", { delay });
    const place = follows ? [room ? say("room") : ""] : queue(door, outlook);
    write($("outside"), shown ? place.join(" ") : "");
    $("outside").hidden = !$("outside").textContent;
  }
}

/**
 * What who waits outside is told of the queue.
 * @param {DoorDocument} door
 * @param {Outlook | null} outlook
 */
function queue(door, outlook) {
  const share = new Intl.NumberFormat(language(), { style: "percent" }).format(outlook?.ahead ?? 1);
  const parts = door.held ? [say("limited")] : [];
  if (outlook && !door.held) parts.push(say("ahead", { share }));
  if (outlook?.minutes) parts.push(say(outlook.minutes === 1 ? "minute" : "minutes", { count: outlook.minutes }));
  return parts;
}
