// Who spoke how long (house/static/speaking.js), without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { speaking } from "../../../src/stentor/house/static/speaking.js";

const CHAPTERS = [
  { startTime: 0, endTime: 20, title: "♪", seat: "" },
  { startTime: 20, endTime: 50, title: "Ada", seat: "a" },
  { startTime: 30, title: "The polls", item: "i" },
  { startTime: 50, endTime: 90, title: "Grace", seat: "g" },
  { startTime: 90, endTime: 120, title: "Ada", seat: "a" },
];

test("turns are added up for each person; music and items are nobody's", () => {
  assert.deepEqual(speaking(CHAPTERS), [
    { seat: "a", name: "Ada", seconds: 60, share: 0.6 },
    { seat: "g", name: "Grace", seconds: 40, share: 0.4 },
  ]);
});

test("what was said before the talk went live does not count", () => {
  assert.deepEqual(speaking(CHAPTERS, 60).map(({ name, seconds }) => [name, seconds]), [["Grace", 30], ["Ada", 30]]);
  assert.deepEqual(speaking(CHAPTERS, 200), []);
});
