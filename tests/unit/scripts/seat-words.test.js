// What is said of a seat on the stage's page (house/static/seat-words.js), without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { seatWords } from "../../../src/stentor/house/static/seat-words.js";

const AWAY = { state: "away", talking: false };
const KNOWN = { role: "speaker", ours: false, open: true, silent: false };
const said = (seat, known = {}) => {
  const { who, how } = seatWords({ ...AWAY, ...seat }, { ...KNOWN, ...known });
  return [...who, how];
};

test("who waits before the doors never reads that somebody is not here", () => {
  for (const state of ["away", "lost", "connected"]) {
    for (const ours of [true, false]) {
      const words = said({ state }, { ours, open: false });
      assert.deepEqual(words, ours ? ["stage.you", "role.speaker", ""] : ["role.speaker", "stage.invited"], state);
    }
  }
  assert.deepEqual(said({}), ["role.speaker", "stage.away"]);
});

test("who is there talks or is muted, and is neither once the connection is gone", () => {
  assert.deepEqual(said({ state: "connected", talking: true }), ["role.speaker", "stage.talking"]);
  assert.deepEqual(said({ state: "connected" }), ["role.speaker", "stage.open_mic"]);
  assert.deepEqual(said({ state: "connected", talking: true }, { silent: true }), ["role.speaker", "stage.is_muted"]);
  assert.deepEqual(said({ state: "lost", talking: true }), ["role.speaker", "stage.lost"]);
});
