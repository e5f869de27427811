// What the listener's page does (edge/static/listening.js), without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { audible, begin, step } from "../../../src/stentor/edge/static/listening.js";
import { PulseTrack } from "../../../src/stentor/edge/static/pulse.js";

const STREAMS = { hold: "/hold.m4a", hls: "/hls", aac: "/aac", overflow: "/overflow/index.m3u8" };

function door(state, more = {}) {
  return { state, retry_s: [2, 6], streams: STREAMS, pinned: 0, p: 1, ...more };
}

/** The state and all deeds after `events`, the first of them on a page whose space is in `state`. */
function after(state, ...events) {
  let now = typeof state === "string" ? begin(door(state)) : state;
  const deeds = [];
  for (const event of events) {
    const next = step(now, typeof event === "string" ? { type: event } : event);
    now = next.state;
    deeds.push(...next.deeds);
  }
  return { state: now, deeds, done: deeds.map((deed) => deed.do) };
}

const opened = (state, more) => ({ type: "door", door: door(state, more) });
const gate = (admitted) => ({ type: "gate", admitted });
const pulse = (state, pinned = 0, more = {}) => ({ type: "pulse", pulse: { state, pinned, chunk: 9, seats: [], source: "stage", ...more } });
const sound = (name) => ({ type: "sound", sound: name });
const live = () => after("live", "press", gate(true), sound("playing")).state;
const outside = () => after("live", "press", gate(false), sound("waiting")).state;
const behind = () => after(outside(), "follow", sound("playing")).state;

test("a press is music before the doors, and the programme once the gate lets us in", () => {
  assert.deepEqual(after("scheduled", "press").done, ["loop"]);
  const { state, done } = after("live", "press", gate(true));
  assert.deepEqual(done, ["keep", "gate", "listen"]);
  assert.equal(state.mode, "live");
});

test("nothing plays in a space that is over", () => {
  for (const state of ["ended", "replay", "cancelled", "removed"]) {
    const pressed = after(state, "press");
    assert.equal(pressed.state.mode, "off", state);
    assert.ok(!pressed.done.some((deed) => ["loop", "listen", "gate"].includes(deed)), state);
  }
});

test("a second press is silence, and a gate that answers later does not end it", () => {
  const { state, done } = after("live", "press", "press", gate(true));
  assert.deepEqual(done, ["keep", "gate", "stop"]);
  assert.equal(state.mode, "off");
});

test("whose page gets no answer is told so until somebody answers", () => {
  const alone = after(live(), "unreached");
  assert.equal(alone.state.unreached, true);
  assert.deepEqual(alone.done, []);
  assert.equal(after(alone.state, opened("live")).state.unreached, false);
  const old = after(alone.state, pulse("live", 0, { chunk: 0 })).state;
  assert.equal(old.unreached, true, "what the sound told before is no answer");
  assert.equal(after(old, pulse("live", 0, { chunk: 10 })).state.unreached, false);
  assert.equal(after(alone.state, { type: "seat", on: true }, opened("live")).state.unreached, false);
});

test("before any pulse has come with the sound one is asked for", () => {
  assert.equal(new PulseTrack().fresh, false);
});

test("a browser that wants another press gets what was wanted by it", () => {
  assert.deepEqual(after(live(), sound("blocked"), "press").done, ["listen"]);
  assert.deepEqual(after(outside(), sound("blocked"), "press").done, ["loop"]);
  assert.deepEqual(after("scheduled", "press", sound("blocked"), "press").done, ["loop", "loop"]);
});

test("who waits with music is let in when the doors open", () => {
  const { state, done } = after("scheduled", "press", opened("scheduled"), opened("doors_open"), gate(true));
  assert.deepEqual(done, ["loop", "ask", "keep", "gate", "ask", "listen"]);
  assert.equal(state.mode, "live");
});

test("who hears the programme is never moved while it is on", () => {
  const events = ["doors_open", "live", "interrupted", "live"].map((state) => opened(state));
  const { state, done } = after(live(), ...events);
  assert.deepEqual(done, ["ask", "ask", "ask", "ask"]);
  assert.equal(state.mode, "live");
});

test("a narrow door moves nobody who is inside", () => {
  assert.deepEqual(after(live(), opened("live", { p: 0.1 }), gate(false)).done, ["ask"]);
});

test("at the end there is silence, and the page asks on for the recording", () => {
  const { state, deeds } = after(live(), opened("ended"));
  assert.deepEqual(deeds, [{ do: "stop" }, { do: "ask", pace: [2, 6] }]);
  assert.equal(state.mode, "off");
});

test("who is kept outside hears the loop once, and is asked about at the door's pace", () => {
  const { state, deeds } = after("live", "press", gate(false), opened("live"), gate(false));
  assert.deepEqual(deeds.filter((deed) => deed.do === "loop").length, 1);
  assert.ok(deeds.filter((deed) => deed.do === "ask").every((deed) => deed.pace[1] === 6));
  assert.equal(after(state, opened("live"), gate(true)).state.mode, "live");
});

test("who listens asks the door seldom, who neither listens nor reads at its pace", () => {
  const pace = (state) => after(state, opened("live")).deeds.at(-1).pace;
  assert.deepEqual(pace(live()), [20, 40]);
  assert.deepEqual(pace("live"), [2, 6]);
  assert.deepEqual(pace(outside()), [2, 6]);
  assert.deepEqual(pace(after("live", { type: "read", on: true }).state), [20, 40]);
});

test("following is for those outside only, and where there is something to follow", () => {
  assert.deepEqual(after(live(), "follow").done, []);
  assert.deepEqual(after({ ...outside(), door: door("live", { streams: { hold: "/hold.m4a" } }) }, "follow").done, []);
  const { state, done } = after(outside(), "follow");
  assert.deepEqual(done, ["follow"]);
  assert.equal(state.follows, STREAMS.overflow);
});

test("who follows is told of room, moved by a press only, and waits outside when the room is gone", () => {
  const told = after(behind(), opened("live"), gate(true));
  assert.deepEqual([told.state.mode, told.state.room], ["behind", true]);
  assert.ok(!told.done.includes("listen"));
  assert.equal(after(told.state, "follow", gate(true)).state.mode, "live");
  const gone = after(told.state, "follow", gate(false));
  assert.deepEqual([gone.state.mode, gone.done.at(-2)], ["outside", "loop"]);
});

test("who follows hears it to its end, and then the page says that it is over", () => {
  const ended = after(behind(), opened("ended"));
  assert.deepEqual([ended.state.mode, ended.done], ["behind", ["ask"]]);
  const { state, deeds } = after(ended.state, "end");
  assert.deepEqual(deeds, [{ do: "ask", pace: [0.2, 1.5] }]);
  assert.equal(after(state, opened("ended")).state.mode, "off");
});

test("a line that is lost is bridged and tried again, each time later, to a limit", () => {
  let { state, deeds } = after(live(), "lost");
  assert.deepEqual(deeds, [{ do: "bridge" }, { do: "ask", pace: [0.2, 6] }]);
  assert.equal(state.sound, "reconnecting");
  const paces = [];
  for (let tries = 0; tries < 5; tries += 1) {
    ({ state, deeds } = after(state, { type: "refused", full: false }));
    paces.push(deeds.at(-1).pace[1]);
  }
  assert.deepEqual(paces, [12, 24, 48, 48, 48]);
  const back = after(state, opened("live"), gate(true), sound("playing"));
  assert.deepEqual([back.state.mode, back.state.losses], ["live", 0]);
});

test("the loop of the bridge does not count as being back", () => {
  const { state } = after(live(), "lost", sound("reconnecting"));
  assert.deepEqual([state.mode, state.losses], ["lost", 1]);
});

test("a full edge is named while nothing plays, and forgotten when it answers", () => {
  const full = after("live", "press", { type: "refused", full: true });
  assert.equal(full.state.sound, "full");
  assert.equal(after(full.state, "lost", sound("reconnecting")).state.sound, "full");
  assert.equal(after(full.state, opened("live")).state.sound, "");
  assert.equal(after(live(), { type: "refused", full: true }).state.sound, "playing");
});

test("whatever the player tells after a stop starts nothing", () => {
  const { state } = after(live(), "press");
  assert.deepEqual(after(state, "lost", "end", gate(true), sound("")).done, []);
});

test("the first pulse that tells of a change asks the door soon; those after it do not put that off", () => {
  const changed = pulse("ended");
  const { state, deeds } = after(live(), changed, changed, pulse("ended", 1));
  assert.deepEqual(deeds, [{ do: "ask", pace: [0.2, 1.5] }]);
  assert.deepEqual(after(state, opened("live"), changed).done, ["ask", "ask"]);
});

test("who has heard any of the talk is told at the end from whoever came too late", () => {
  assert.ok(after(live(), opened("ended")).state.heard);
  assert.ok(after("doors_open", "press", gate(true), sound("playing"), opened("live"), opened("ended")).state.heard);
  assert.ok(!after("doors_open", "press", gate(true), sound("playing"), opened("doors_open")).state.heard);
  assert.ok(!after(outside(), opened("ended")).state.heard);
  assert.ok(!after("live", opened("ended")).state.heard);
});

test("a pulse tells who is on the stage, and when somebody was last heard there", () => {
  const there = pulse("live", 0, { chunk: 100, seats: [{ name: "Ada", talking: true }] });
  const { state } = after(live(), there, pulse("live", 0, { chunk: 110 }));
  assert.deepEqual([state.names, state.seen], [[], { at: 35_200, there: 32_000, heard: 32_000, spoke: 32_000 }]);
  assert.deepEqual(after(live(), there).state.names, ["Ada"]);
});

test("a pin is asked for with more time", () => {
  assert.deepEqual(after(live(), pulse("live", 1)).deeds, [{ do: "ask", pace: [1, 8] }]);
  assert.deepEqual(after(live(), pulse("live")).deeds, []);
});

test("who reads hears nothing, also by a lock screen's button", () => {
  const { state, done } = after(live(), { type: "read", on: true }, "play");
  assert.deepEqual([state.mode, done], ["off", ["stop"]]);
  assert.deepEqual(after(state, { type: "read", on: false }, "play").done, ["keep", "gate"]);
});

test("a lock screen's buttons are heard", () => {
  assert.deepEqual(after(live(), "pause").done, ["stop"]);
  assert.deepEqual(after(live(), "pause", "play").done, ["stop", "keep", "gate"]);
  assert.deepEqual(after(live(), "play").done, ["listen"]); // what a telephone has paused goes on live
  assert.deepEqual(after("live", "pause").done, []);
});

test("in every state every event leads to a known mode, and changes nothing in place", () => {
  const states = ["scheduled", "live", "ended"]; // one of each kind
  const events = [
    ...["press", "play", "pause", "again", "follow", "lost", "end"].map((type) => ({ type })),
    ...[true, false].flatMap((on) => [{ type: "read", on }, { type: "refused", full: on }, gate(on)]),
    ...["playing", "blocked"].map(sound),
    ...states.flatMap((state) => [opened(state), pulse(state, 1)]),
  ];
  const modes = ["off", "music", "asking", "live", "outside", "behind", "lost"];
  const seen = new Set();
  const left = states.map((state) => begin(door(state)));
  for (let now = left.pop(); now; now = left.pop()) {
    for (const event of events) {
      const before = JSON.stringify(now);
      const next = step(now, event).state;
      assert.equal(JSON.stringify(now), before);
      assert.ok(modes.includes(next.mode));
      if (next.door.state === "ended" && event.type === "door")
        assert.ok(["off", "behind"].includes(next.mode), `${next.mode} in ${next.door.state}`);
      const key = JSON.stringify(next);
      if (!seen.has(key)) left.push(next);
      seen.add(key);
    }
  }
  assert.ok(seen.size > 100);
});

const seat = (on, more = {}) => ({ type: "seat", on, ...more });
const seated = () => after(live(), seat(true)).state;

test("who goes onto the stage hears no stream, whatever is pressed or told", () => {
  const { state, done } = after(live(), seat(true));
  assert.deepEqual([state.mode, done], ["seat", ["stop"]]);
  const events = ["press", "play", "pause", "again", "follow", "lost", "end", sound("playing"), gate(true), seat(true)];
  const told = after(state, ...events, opened("interrupted"), { type: "refused", full: true }, opened("live"), opened("ended"));
  assert.equal(told.state.mode, "seat");
  assert.ok(told.done.every((deed) => deed === "ask"), told.done.join());
  assert.deepEqual(after("live", seat(true)).done, [], "nothing played");
});

test("who comes off the stage hears on, paused before or not", () => {
  assert.deepEqual(after(seated(), seat(false, { play: true }), gate(true)).done, ["keep", "gate", "listen"]);
  assert.deepEqual(after("live", seat(true), seat(false, { play: true }), gate(true)).state.mode, "live");
  assert.equal(after(seated(), opened("ended"), seat(false, { play: true })).state.mode, "off");
});

test("nothing plays beside a microphone on another device, nor for who only reads", () => {
  assert.deepEqual(after(seated(), seat(false, { play: false })).done, []);
  const reader = after(seated(), { type: "read", on: true }, seat(false, { play: true }));
  assert.deepEqual([reader.state.mode, reader.done], ["off", []]);
  assert.deepEqual(after(live(), seat(false)).state.mode, "live", "who is not on the stage cannot leave it");
});

test("while music plays nobody on the page talks, whoever does on the stage", () => {
  const seats = [{ name: "Grace", talking: true, muted: false }, { name: "Ada", talking: false, muted: true }];
  const talking = (mode) => audible(mode, seats).filter((seat) => seat.talking).map(({ name }) => name);
  assert.deepEqual(["live", "off", "behind", "seat"].map(talking), Array(4).fill(["Grace"]));
  const music = [after("scheduled", "press").state, outside(), after(live(), "lost").state];
  assert.deepEqual(music.map(({ mode }) => talking(mode)), [[], [], []]);
  assert.deepEqual(audible("outside", seats).map(({ name, muted }) => [name, muted]), [["Grace", false], ["Ada", true]]);
});
