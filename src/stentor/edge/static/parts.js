// The page of the listener's parts: polls and questions as their own script draws them, made up, and nothing is sent.

import { Asked } from "./asked.js";

const SPACE = "parts";
const MINUTE_MS = 60_000;
const now = Date.now();
const panel = /** @type {HTMLDetailsElement} */ (document.getElementById("asked"));
addEventListener("click", (event) => {
  if (/** @type {Element} */ (event.target).closest("main :is(button, a):not(.head a)")) event.stopImmediatePropagation();
}, true);
addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
localStorage.setItem(`stentor.votes.${SPACE}`, JSON.stringify({ ticket: "", votes: { p1: 2, q11: 1 } }));
const asked = new Asked({ panel, space: SPACE, language: () => document.documentElement.lang });
localStorage.removeItem(`stentor.votes.${SPACE}`);
const answers = ["Thursday", "Sunday", "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen, and an answer of very many words"];
const poll = { answers, opened_ms: now - MINUTE_MS, closed_ms: null };
const asking = { handle: "", at_ms: now };
asked.show({
  open: true,
  guests: true,
  retry_s: [10, 20],
  polls: [
    { ...poll, id: "1", question: "When shall we meet again?", counts: [310, 117, 9] },
    { ...poll, id: "2", question: "And where? (Counts come at the end.)", counts: null },
    { ...poll, id: "3", question: "Was that too long?", counts: [12, 40, 0], closed_ms: now },
  ],
  questions: [
    { ...asking, id: 11, name: "Lena Weber", text: "Who asked the people who vote by post?", votes: 1234 },
    { ...asking, id: 12, name: "Maximiliane Hohenstein-Oberbrunnenfeld von der Au", text: "What does a poll cost?", votes: 0 },
  ],
  taken: [
    { id: 9, text: "How many of those who were asked did answer?", votes: 40, from_ms: now - MINUTE_MS, to_ms: null },
    { id: 8, text: "Why one in forty?", votes: 52, from_ms: now - 5 * MINUTE_MS, to_ms: now - MINUTE_MS },
  ],
});
asked.form.hidden = false;
