// What a space is about: addresses of the web become links, everything else stays text.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { createElement: (tag) => ({ tag, dataset: {}, append(...texts) { this.text = texts.join(""); } }) };
const { linked } = await import("../../../web/shared/about.js");

const shown = (text) => linked(text).filter((node) => node !== "").map((node) => (typeof node === "string" ? node : [node.href, node.text]));

test("an address is a link without the sign that ends the sentence", () => {
  const address = "https://example.org/a?b=1";
  assert.deepEqual(shown(`See ${address}. And (${address})!`), ["See ", [address, address], ". And (", [address, address], ")!"]);
});

test("nothing else is one", () => {
  for (const text of ["", "tea & cake", "javascript:alert(1)", "<a href='x'>", "https://", "data:text/html,x"]) {
    assert.deepEqual(shown(text).filter(Array.isArray), []);
  }
});

test("a link is opened apart, and search engines do not follow it", () => {
  const [, link] = linked("https://example.org");
  assert.equal(link.target, "_blank");
  assert.equal(link.rel, "noopener noreferrer nofollow ugc");
});
