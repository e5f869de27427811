// What is written as a handle, and what a name suggests.

import assert from "node:assert/strict";
import { test } from "node:test";

import { plain, suggested } from "../../../src/stentor/house/static/handle.js";

for (const [name, handle] of [
  ["Ada Lovelace", "ada-lovelace"],
  ["  Jürgen  Groß ", "juergen-gross"],
  ["Inês d'Ávila", "ines-davila"],
  ["J\u0075\u0308rgen", "juergen"],
  ["Максим", ""],
  ["-_x_-", "x"],
  ["Maximiliane Hohenstein-Oberbrunnenfeld von der Au", "maximiliane-hohenstein-oberbru"],
]) {
  test(`${name} suggests ${handle || "nothing"}`, () => {
    assert.equal(suggested(name), handle);
    assert.match(handle, /^([a-z0-9]([a-z0-9_-]{0,28}[a-z0-9])?)?$/);
  });
}

test("what is written keeps its signs, but for those that never fit", () => {
  assert.equal(plain("Eve Smith"), "eve-smith");
  assert.equal(plain("é_9-"), "e_9-");
  assert.equal(plain("a!"), "a!");
});
