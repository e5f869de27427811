// The rundown as lines, and the planned end (house/static/rundown-lines.js), without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parsed, plannedEnd } from "../../../src/stentor/house/static/rundown-lines.js";

test("a line is a title and, behind it, minutes", () => {
  const before = [{ id: "a", title: "Intro" }];
  assert.deepEqual(parsed("Intro 5\n\n  The polls, 15 \nAgenda 2030 - 10\nQuestions\n1984", before), [
    { id: "a", title: "Intro", minutes: 5 },
    { id: "", title: "The polls", minutes: 15 },
    { id: "", title: "Agenda 2030", minutes: 10 },
    { id: "", title: "Questions", minutes: 0 },
    { id: "", title: "1984", minutes: 0 },
  ]);
});

test("of two items of one title each keeps its own", () => {
  const before = [{ id: "a", title: "Music" }, { id: "b", title: "Music" }];
  assert.deepEqual(parsed("Music 3\nMusic 4", before).map(({ id }) => id), ["a", "b"]);
});

test("the end is planned where minutes are, from when it began or is to begin", () => {
  const rundown = [{ minutes: 5 }, { minutes: 0 }, { minutes: 15 }];
  assert.equal(plannedEnd({ rundown, live_ms: 1000, scheduled_ms: 500 }), 1000 + 20 * 60_000);
  assert.equal(plannedEnd({ rundown, live_ms: null, scheduled_ms: 500 }), 500 + 20 * 60_000);
  assert.equal(plannedEnd({ rundown: [], live_ms: 1000, scheduled_ms: null }), null);
  assert.equal(plannedEnd({ rundown, live_ms: null, scheduled_ms: null }), null);
});
