// Names out of a list of guests (house/static/guest-list.js); the command line has the same cases (cli/test_listeners.py).

import assert from "node:assert/strict";
import { test } from "node:test";

import { firstColumn } from "../../../src/stentor/house/static/guest-list.js";

test("the first column, with commas, semicolons or tabs; headings are nobody", () => {
  const cases = [
    [["Name,Mail", "Grace Hopper,g@example.org", "Alan,a@example.org"], ["Grace Hopper", "Alan"]],
    [["Namen;Ort", "Ada;London", ";Paris", "", "Mary\tRom"], ["Ada", "Mary"]],
    [['"Hopper, Grace",x', '  "Joan ""Joe"" Clarke";y', "Name"], ["Hopper, Grace", 'Joan "Joe" Clarke', "Name"]],
    [['"Grace\r\nHopper",g@example.org', 'Ada,"London\nParis"\tx', 'Joe "the\tJ', 'Bo"'], ["Grace Hopper", "Ada", 'Joe "the', 'Bo"']],
    [["Name"], ["Name"]],
    [["", ",,"], []],
  ];
  for (const [lines, names] of cases) assert.deepEqual(firstColumn(`\uFEFF${lines.join("\r\n")}`), names);
});
