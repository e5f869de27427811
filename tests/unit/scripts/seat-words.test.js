// What is said of a seat on the stage's page (house/static/seat-words.js), without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { seatWords } from "../../../src/stentor/house/static/seat-words.js";

const AWAY = { state: "away", talking: false, heard: false };
const KNOWN = { role: "speaker", ours: false, open: true, before: false, silent: false };
const said = (seat, known = {}) => {
  const { who, how } = seatWords({ ...AWAY, ...seat }, { ...KNOWN, ...known });
  return [...who, how];
};

test("before the talk everybody sees who is ready, and nobody is missed", () => {
  /** What is said of a seat before the talk. */
  const how = (seat, known = {}) => said(seat, { before: true, ...known }).at(-1);
  assert.equal(how({}), "stage.invited");
  assert.equal(how({}, { ours: true }), "");
  assert.equal(how({ state: "connected" }), "stage.unheard");
  assert.equal(how({ state: "connected" }, { silent: true }), "stage.unheard");
  assert.equal(how({ state: "connected", heard: true }), "stage.ready");
  assert.equal(how({ state: "connected", heard: true }, { silent: true }), "stage.ready_muted");
  assert.equal(how({ state: "connected", heard: true, talking: true }), "stage.talking");
});

test("who is away is missed during the talk, and not after it", () => {
  assert.deepEqual(said({}), ["role.speaker", "stage.away"]);
  assert.deepEqual(said({}, { open: false }), ["role.speaker", ""]);
});

test("who is there talks or is muted, and is neither once the connection is gone", () => {
  assert.deepEqual(said({ state: "connected", talking: true }), ["role.speaker", "stage.talking"]);
  assert.deepEqual(said({ state: "connected" }), ["role.speaker", "stage.open_mic"]);
  assert.deepEqual(said({ state: "connected", talking: true }, { silent: true }), ["role.speaker", "stage.is_muted"]);
  assert.deepEqual(said({ state: "lost", talking: true }), ["role.speaker", "stage.lost"]);
});
