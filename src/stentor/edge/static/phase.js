// What is true of the space for this listener: the phase of spaces/phase.py, by the same rows, from door.json and the pulse.

/** @type {StageSeen} */
export const UNSEEN = { at: 0, there: 0, heard: 0, spoke: 0 };
const HEARD = new Set(["stage", "hold"]); // before the talk nobody misses the stage
const CHUNK_MS = 320;

/**
 * One pulse more: when somebody was last there, heard, and speaking. What is told late counts for nothing.
 * @param {StageSeen} seen
 * @param {Pulse} pulse
 * @returns {StageSeen}
 */
export function see(seen, { chunk, seats, source }) {
  const at = chunk * CHUNK_MS; // an edge without news from the stage counts on
  if (at <= seen.at) return seen;
  const first = !seen.at;
  const there = seats.length > 0;
  const heard = there && HEARD.has(source);
  const speaks = heard && seats.some(({ talking }) => talking);
  return { at, there: there || first ? at : seen.there, heard: heard || first ? at : seen.heard, spoke: speaks || first ? at : seen.spoke };
}

/**
 * @param {StageSeen} seen
 * @param {PhaseTable["limits"]} limits
 */
function stage({ at, there, heard, spoke }, limits) {
  if (at - there >= limits.empty) return "nobody";
  if (at - heard >= limits.empty) return "lost";
  return at - spoke >= limits.silent ? "silent" : "some";
}

/**
 * @param {number | null} scheduled
 * @param {PhaseTable["limits"]} limits
 * @param {number} now
 */
function plan(scheduled, limits, now) {
  if (scheduled === null) return "none";
  const late = now - scheduled;
  if (late < 0) return "ahead";
  return late < limits.overdue ? "due" : late < limits.missed ? "overdue" : "missed";
}

/**
 * @param {DoorDocument} door
 * @param {PhaseTable["limits"]} limits
 * @param {number} now
 */
function recorder({ state, ended_ms: ended }, limits, now) {
  if (state === "removed") return "gone";
  if (state === "unrecorded") return "none";
  if (state === "replay") return "whole";
  return state === "ended" && ended !== null && now - ended >= limits.unfinished ? "late" : "writes";
}

/**
 * What is known, in the words of the table; `now` is in ms.
 * @param {PhaseTable} table
 * @param {{ door: DoorDocument, seen: StageSeen, mode: Mode, unreached: boolean }} state
 * @param {number} now
 * @returns {Facts}
 */
export function facts({ limits }, { door, seen, mode, unreached }, now) {
  return {
    life: door.state === "removed" || door.state === "unrecorded" ? "ended" : door.state,
    stage: stage(seen, limits),
    recorder: recorder(door, limits, now),
    plan: plan(door.scheduled_ms, limits, now),
    place: unreached ? "unreached" : mode === "outside" || mode === "behind" ? mode : "inside",
  };
}

/**
 * The first row that fits; a row fits where it names each fact, or none of its kind.
 * @param {PhaseTable} table
 * @param {Facts} facts
 */
export function phase({ rows }, facts) {
  const fits = (/** @type {PhaseRow} */ row) =>
    Object.entries(facts).every(([name, fact]) => row[/** @type {keyof Facts} */ (name)]?.includes(fact) ?? true);
  return rows.find(fits)?.phase ?? facts.life;
}

/**
 * The keys of what a listener is told; `late` says that he came when it was on, or over.
 * @param {PhaseTable} table
 * @param {string} phase
 * @param {boolean} late
 */
export function words({ own }, phase, late) {
  const who = late && own.includes(`${phase}.latecomer`) ? "latecomer" : "listener";
  return { chip: `phase.${phase}.chip`, headline: `phase.${phase}.${who}`, say: `phase.${phase}.${who}_say` };
}
