// The page of what belongs to the stage: made-up people and what the stage's own scripts draw of them.

import "./design-still.js";
import { Polls } from "./ballots.js";
import { row } from "./comment-row.js";
import { draw } from "./curve.js";
import { Line } from "./line.js";
import { $, element, link, text } from "./page.js";
import { People } from "./people.js";
import { Pins } from "./pins.js";
import { qr } from "./qr.js";
import { Rundown } from "./rundown.js";
import { sent } from "./sent.js";
import { portrait } from "./shared/portrait.js";

const MINUTE_MS = 60_000;
const ADDRESS = `${location.origin}/s/election`;
const now = Date.now();
const page = { space: "election", token: "", command: async () => {}, change: async () => {}, silent: () => false };
const still = { state: "connected", muted: false, self_muted: false, heard: true, aside: false, talking: false, quality: "good", oddities: [], spoken_s: 0, delay_ms: 0, loss: 0, jitter_ms: 0, volume: 100, portrait: null, role: "speaker" };
const may = ["turn", "mute", "co_host", "remove", "ban"];
const seats = [
  { id: "ada", name: "Ada Lovelace", role: "host", talking: true, spoken_s: 620, may: [] },
  { id: "grace", name: "Grace Hopper", role: "co_host", spoken_s: 240, may },
  { id: "mary", name: "Mary Shelley", self_muted: true, may },
  { id: "bob", name: "Bob", quality: "poor", oddities: ["clipping"], may },
  { id: "ines", name: "Inês", aside: true, self_muted: true, volume: 140, may },
  { id: "climate", name: "Maximiliane Hohenstein-Oberbrunnenfeld von der Au", state: "lost", may },
  { id: "jazz", name: "Dizzy", state: "away", may },
].map((seat) => ({ ...still, ...seat }));
/** @type {any} */
const view = {
  seats, banned: [], state: "live", full: false, now_ms: now, live_ms: now - 57 * MINUTE_MS, scheduled_ms: null,
  you: { seat: "ada", role: "host", rank: "host", may: ["invite", "open_asking", "pin", "rundown"] }, switches: {},
  pins: [
    { id: "one", text: "All results, as they come", url: `${location.origin}/`, pinned_ms: now },
    { id: "two", text: "We take questions from half past eight.", url: "", pinned_ms: now },
  ],
  rundown: [
    { id: "a", title: "Welcome", minutes: 5, begun_ms: now - 57 * MINUTE_MS },
    { id: "b", title: "The exit poll", minutes: 15, begun_ms: now - 52 * MINUTE_MS },
    { id: "c", title: "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen", minutes: 40, begun_ms: null },
  ],
};
new People(page).draw(view);
const line = new Line(page);
line.look(view);
line.draw([{ id: "lena", name: "Lena Weber", asked_ms: now }, { id: "omar", name: "Omar", asked_ms: now }]);
new Pins(page).draw(view);
new Rundown(page).draw(view);
const polls = new Polls(page);
$("questions").hidden = $("poll-form").hidden = false;
polls.show({
  polls: [
    { id: "1", question: "When shall we meet again?", answers: ["Thursday", "Sunday"], counts: [310, 117], closed_ms: null },
    { id: "2", question: "Was that too long?", answers: ["Yes", "No"], counts: [0, 0], closed_ms: now },
  ],
  questions: [
    { id: 11, name: "Lena Weber", text: "Who asked the people who vote by post?", votes: 1234 },
    { id: 12, name: "Omar", text: "What does a poll cost?", votes: 0 },
  ],
  taken: [{ id: 9, text: "How many of those who were asked did answer?", to_ms: null }],
}, true);
for (const state of ["off", "ready", "connecting", "live", "waiting"]) {
  const one = { state, trouble: state === "waiting" ? "bad-key" : "", since_ms: state === "live" ? now : null, dropped: state === "live" ? 12 : 0 };
  $("a-destination").append(sent(one, "Wrong stream key", "YouTube"));
}
const comments = [
  { id: 1, name: "Lena Weber", handle: "lena", role: "", text: "Who asked the people who vote by post?", at_ms: now },
  { id: 2, name: "Grace Hopper", handle: "grace", role: "co_host", text: "We come to that in ten minutes.", at_ms: now },
];
/** @type {Act[]} */
const acts = [["comments.remove", () => {}], ["comments.silence", () => {}]];
$("comments-log").append(...comments.map((comment) => row(/** @type {CommentView} */ (comment), acts)));
const guest = /** @type {CommentView} */ ({ id: -3, name: "Somebody", handle: "", role: "", text: "Hello from the train!", at_ms: now });
$("held-log").append(row(guest, [["guests.approve", () => {}], ["guests.refuse", () => {}]]));
$("share-link").append(link(ADDRESS, text("studio.share_title")));
$("share-ways").append(...qr(ADDRESS, "Election night"));
const bar = element("i");
bar.style.width = "72%";
$("spoke").append(element("li", {}, portrait("ada", "Ada Lovelace"), element("strong", {}, "Ada Lovelace"), element("span", { className: "quiet" }, "41:48 · 72 %"), element("span", { className: "share", ariaHidden: "true" }, bar)));
const heard = Array.from({ length: 200 }, (_, at) => Math.round(900 * Math.sin((at + 1) / 64) ** 2 + (at % 7)));
draw($("a-curve"), heard, $("a-curve").parentElement.previousElementSibling.textContent);
