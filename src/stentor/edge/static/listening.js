// What the listener's page does, as a pure function: `step(state, event)` gives the next state and what is to be done.
// It knows no clock, no chance, no document and no network; page.js does the deeds and tells what came of them.

import { UNSEEN, see } from "./phase.js";

/** States of a space in which its programme runs. */
export const ON_AIR = new Set(["doors_open", "live", "interrupted"]);

const TALKING = new Set(["live", "interrupted"]);
/** @type {Pace} */
const CALM_S = [20, 40]; // who hears learns what changes from the sound
/** @type {Pace} */
const CHANGED_S = [0.2, 1.5]; // the sound told of a change
/** @type {Pace} */
const PINS_S = [1, 8]; // a note has more time than a change of state: the edge is spared a rush
const MOST_LOSSES = 4;

/** Modes in which something is wanted that does not play. */
const SILENT = new Set(["asking", "lost"]);

/** Modes in which music plays, or nothing, while the talk goes on: whoever talks then is not heard. */
const ELSEWHERE = new Set(["music", "outside", "lost"]);

/**
 * Who is on the stage, as this listener hears them: nobody talks while music plays.
 * @param {Mode} mode
 * @param {PulseSeat[]} seats
 */
export function audible(mode, seats) {
  return ELSEWHERE.has(mode) ? seats.map((seat) => ({ ...seat, talking: false })) : seats;
}

/**
 * Before anything has happened.
 * @param {DoorDocument} door
 * @returns {Listening}
 */
export function begin(door) {
  return { door, mode: "off", sound: "", reading: false, full: false, losses: 0, room: false, follows: "", soon: false, heard: false, unreached: false, seen: UNSEEN, names: [] };
}

/**
 * The state after `event`, and the deeds that follow from it, in their order.
 * @param {Listening} state
 * @param {ListeningEvent} event
 * @returns {Step}
 */
export function step(state, event) {
  if (event.type === "unreached") return still({ ...state, unreached: true });
  if (state.mode === "seat") return seated(state, event);
  switch (event.type) {
    case "press":
      return state.mode === "off" || state.sound === "blocked" ? again(state) : stop(state);
    case "play":
      return state.reading ? still(state) : again(state);
    case "pause":
      return stop(state);
    case "read":
      return event.on ? stop({ ...state, reading: true }) : still({ ...state, reading: false });
    case "again":
      return again(state);
    case "follow":
      return follow(state);
    case "door":
      return opened(state, event.door);
    case "refused":
      return refused(state, event.full);
    case "gate":
      return admitted(state, event.admitted);
    case "sound":
      return sounds(state, event.sound);
    case "lost":
      return lost(state);
    case "end":
      return state.mode === "off" ? still(state) : soon({ ...state, mode: "asking" }, CHANGED_S);
    case "pulse":
      return told(state, event.pulse);
    case "seat":
      return event.on ? enter(state) : still(state);
  }
}

/**
 * On the stage its sound comes over the seat's own connection; a stream would play into the microphone. Once off it, one
 * hears on as a listener, unless the seat has gone to another device, which would hear it.
 * @param {Listening} state
 * @param {ListeningEvent} event
 * @returns {Step}
 */
function seated(state, event) {
  switch (event.type) {
    case "seat":
      if (event.on) return still(state);
      return event.play && !state.reading ? again({ ...state, mode: "off" }) : still({ ...state, mode: "off" });
    case "read":
      return still({ ...state, reading: event.on });
    case "door":
      return ask({ ...state, door: event.door, full: false, unreached: false }, CALM_S);
    case "refused":
      return ask(state, CALM_S);
    case "pulse":
      return told(state, event.pulse);
    default:
      return still(state);
  }
}

/**
 * @param {Listening} state
 * @returns {Step}
 */
function enter(state) {
  const { deeds } = stop(state);
  return still({ ...state, mode: "seat", sound: "", room: false }, ...deeds);
}

/**
 * @param {Listening} state
 * @param {...Deed} deeds
 * @returns {Step}
 */
function still(state, ...deeds) {
  return { state, deeds };
}

/**
 * Sound for a listener who has none, or the wrong one, as the space is now.
 * @param {Listening} state
 */
function start(state) {
  if (ON_AIR.has(state.door.state)) return still(state, { do: "keep" }, { do: "gate" });
  if (state.door.state === "scheduled") return still({ ...state, mode: "music" }, { do: "loop" });
  return state.mode === "behind" ? still(state) : stop(state); // who follows hears it to its end
}

/** @param {Listening} state */
function stop(state) {
  /** @type {Listening} */
  const next = { ...state, mode: "off", room: false };
  return state.mode === "off" ? still(next) : still(next, { do: "stop" });
}

/**
 * What is wanted from now on, or was wanted before, from its newest sound on.
 * @param {Listening} state
 */
function again(state) {
  if (state.mode === "off") return start({ ...state, mode: "asking" });
  if (state.mode === "live") return still(state, { do: "listen" });
  if (state.mode === "behind") return still(state, { do: "follow" });
  return state.mode === "outside" ? still(state, { do: "loop" }) : start(state);
}

/**
 * Some minutes behind while the door keeps us outside, or from there to the live sound.
 * @param {Listening} state
 */
function follow(state) {
  if (state.mode === "behind") return start({ ...state, mode: "asking", room: false });
  const { overflow } = state.door.streams;
  if (state.mode !== "outside" || !overflow) return still(state);
  // The door may not name it any more when there is room.
  return still({ ...state, mode: "behind", follows: overflow }, { do: "follow" });
}

/**
 * @param {Listening} state
 * @param {DoorDocument} door
 */
function opened(state, door) {
  const sound = state.full && silent(state) ? "" : state.sound;
  const heard = state.heard || (state.mode === "live" && TALKING.has(door.state));
  const next = { ...state, door, full: false, unreached: false, sound, heard };
  const on = ON_AIR.has(door.state);
  // Who hears the programme goes on hearing it, whatever happens in it.
  const right = next.mode === "off" || (on && next.mode === "live") || (door.state === "scheduled" && next.mode === "music");
  const done = right ? still(next) : start(next);
  return ask(done.state, calm(done.state), ...done.deeds);
}

/**
 * The edge is full, or away for a moment: what is on the page still holds.
 * @param {Listening} state
 * @param {boolean} full
 */
function refused(state, full) {
  const next = { ...state, full, sound: full && silent(state) ? "full" : state.sound };
  return SILENT.has(next.mode) ? retry(next) : ask(next, calm(next));
}

/**
 * In, when the door lets us; else music out of our own cache until it does, without another press. Who follows is told
 * that there is room, and not torn out of the sentence he hears.
 * @param {Listening} state
 * @param {boolean} room
 */
function admitted(state, room) {
  if (state.mode === "off" || state.mode === "live" || !ON_AIR.has(state.door.state)) return still(state);
  if (state.mode === "behind") return still({ ...state, room });
  if (room) return still({ ...state, mode: "live" }, { do: "listen" });
  return state.mode === "outside" ? still(state) : ask({ ...state, mode: "outside" }, state.door.retry_s, { do: "loop" });
}

/**
 * @param {Listening} state
 * @param {Sounding} sound
 */
function sounds(state, sound) {
  if (sound === "reconnecting" && state.full) return still(state); // that says more
  if (sound !== "playing") return still({ ...state, sound });
  return still({ ...state, sound, losses: 0, heard: state.heard || TALKING.has(state.door.state) });
}

/**
 * @param {Listening} state
 * @param {Pulse} pulse
 */
function told(state, pulse) {
  const seen = see(state.seen, pulse);
  const unreached = state.unreached && seen === state.seen; // the sound's last pulses are told until it ends
  const next = { ...state, seen, unreached, names: pulse.seats.map(({ name }) => name) };
  if (pulse.state !== state.door.state) return soon(next, CHANGED_S);
  return pulse.pinned > state.door.pinned || pulse.asked > (state.door.asked?.changed ?? 0) ? soon(next, PINS_S) : still(next);
}

/** @param {Listening} state */
function lost(state) {
  if (state.mode === "off") return still(state);
  return retry({ ...state, mode: "lost", sound: state.full ? "full" : "reconnecting" }, { do: "bridge" });
}

/**
 * Full jitter: at random from now to twice as late each time, beginning with what the door says.
 * @param {Listening} state
 * @param {...Deed} deeds
 */
function retry(state, ...deeds) {
  const losses = Math.min(state.losses + 1, MOST_LOSSES);
  return ask({ ...state, losses }, [0.2, state.door.retry_s[1] * 2 ** (losses - 1)], ...deeds);
}

/**
 * The door is asked at a random moment of `pace`, and at no other.
 * @param {Listening} state
 * @param {Pace} pace
 * @param {...Deed} deeds
 */
function ask(state, pace, ...deeds) {
  return still({ ...state, soon: false }, ...deeds, { do: "ask", pace });
}

/**
 * Pulses come three times a second: only the first that tells of a change sets the time, the others would put it off.
 * @param {Listening} state
 * @param {Pace} pace
 */
function soon(state, pace) {
  return state.soon ? still(state) : still({ ...state, soon: true }, { do: "ask", pace });
}

/** @param {Listening} state */
function calm(state) {
  return ON_AIR.has(state.door.state) && (state.mode === "live" || state.reading) ? CALM_S : state.door.retry_s;
}

/** @param {Listening} state */
function silent(state) {
  return state.mode === "off" || SILENT.has(state.mode);
}
