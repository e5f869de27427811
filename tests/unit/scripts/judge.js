// Reads {table, facts, doors, looks} and tells what edge/static/phase.js makes of each: test_phase.py compares.

import { readFileSync } from "node:fs";

import { UNSEEN, facts, phase, see, words } from "../../../src/stentor/edge/static/phase.js";

const { table, known, doors, looks } = JSON.parse(readFileSync(0, "utf-8"));
const stage = (seen) => facts(table, { door: { state: "live", scheduled_ms: null }, seen, mode: "live" }, 0).stage;
console.log(
  JSON.stringify({
    phases: known.map((each) => phase(table, each)),
    words: known.map((each) => [false, true].map((late) => Object.values(words(table, phase(table, each), late)))),
    doors: doors.map(({ door, now }) => phase(table, facts(table, { door, seen: UNSEEN, mode: "off", unreached: false }, now))),
    looks: looks.map((pulses) => {
      let seen = UNSEEN;
      return pulses.map((pulse) => stage((seen = see(seen, pulse))));
    }),
  }),
);
