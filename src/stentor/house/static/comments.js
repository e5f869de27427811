// Where people write comments. What is written is read where the audience reads it, not from the house: a crowd may have
// this page open. Whoever keeps order has the buttons for it here.

import { $, ask, pause, sure, text } from "./page.js";
import { orders, row } from "./comment-row.js";
import { fill } from "./shared/comment.js";
import { guest, writeAsGuest } from "./shared/guest.js";
import { between } from "./shared/pace.js";

/** @type {CommentsPage} */
const page = JSON.parse($("page").textContent);
const path = `/spaces/${page.id}/comments`;
/** @type {Pace} */
const AWAY_S = [10, 20];

const AHEAD_MS = 15000; // so long what one has just written is shown before it has come around to the audience

/** @type {Set<number>} */
const mine = new Set(); // numbers of what this person wrote: it can be taken back
/** @type {(CommentView & { since: number })[]} */
let ahead = []; // what this person has just written, with the time
/** @type {Chat} */
let chat = { state: "open", retry_s: [3, 6], guests: false, comments: [] };
let silenced = false;

/**
 * Does something about comments; what the house says against it is shown.
 * @param {() => unknown} action
 */
async function attempt(action) {
  $("warning").textContent = "";
  try {
    await action();
  } catch (error) {
    $("warning").textContent = (error.status && error.message) || text("error.house");
  }
  draw();
}

/** @param {[string, string, object?]} request */
const order = ([method, below, body]) => ask(method, `/spaces/${page.id}/${below}`, { body });

/** @param {CommentView} comment */
function remove(comment) {
  const { id } = comment;
  return attempt(async () => {
    await order(orders(comment).remove);
    ahead = ahead.filter((each) => each.id !== id);
    chat.comments = chat.comments.filter((each) => each.id !== id);
  });
}

/** @param {CommentView} comment */
async function silence(comment) {
  const { id, handle, name } = comment;
  if (!await sure(text("comments.sure", { name }), text("comments.silence"))) return undefined;
  return attempt(async () => {
    await order(orders(comment).silence);
    chat.comments = chat.comments.filter((each) => (handle ? each.handle !== handle : each.id !== id));
  });
}

/** @param {CommentView} comment */
function acts(comment) {
  const own = mine.has(comment.id);
  /** @type {Act[]} */
  const found = [];
  if (own || page.moderates) found.push(["comments.remove", () => remove(comment)]);
  if (page.moderates && !own) found.push(["comments.silence", () => silence(comment)]);
  const about = new URLSearchParams({ kind: comment.handle ? "comment" : "guest-comment", id: String(Math.abs(comment.id)), space: page.id });
  if (!own) found.push(["report.do", () => location.assign(`/report?${about}`)]);
  return found;
}

function draw() {
  const newest = Math.max(0, ...chat.comments.map(({ id }) => id)); // guests' are below 0
  ahead = ahead.filter(({ id, since }) => id > newest && performance.now() - since < AHEAD_MS);
  const shown = chat.state === "open" ? [...chat.comments, ...ahead] : [];
  fill($("comments-log"), shown, (comment) => row(comment, acts(comment)));
  const says = chat.state !== "open" ? `comments.${chat.state}` : shown.length ? "" : "comments.none";
  const sentence = silenced ? text("refused.silenced") : says && text(says);
  if ($("comments-said").textContent !== sentence) $("comments-said").textContent = sentence;
  const open = chat.state === "open" && !silenced;
  const asGuest = !page.account && chat.guests;
  $("comment").hidden = !open || !(page.account || asGuest);
  $("comment-hint").hidden = !open || !page.account;
  $("guest-hint").hidden = !open || !asGuest;
  $("guest-name").hidden = !asGuest;
  $("guest-name").querySelector("input").disabled = !asGuest; // what is disabled is not required
}

/** @returns {Promise<Chat>} */
async function read() {
  const answer = await fetch(page.read, { credentials: "omit", signal: AbortSignal.timeout(8000) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function follow() {
  for (;;) {
    if (!document.hidden) {
      try {
        chat = await read();
        if (chat.state === "open" && page.account && silenced) await look(); // perhaps one may write again
      } catch {
        chat = { ...chat, retry_s: AWAY_S };
      }
      draw();
    }
    await pause(between(chat.retry_s));
  }
}

/** What the house knows of us here. */
async function look() {
  const own = await ask("GET", `${path}/own`);
  silenced = own.silenced;
  for (const { id } of own.comments) mine.add(id);
}

$("comment").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  $("guest-said").textContent = "";
  attempt(async () => {
    if (!page.account) {
      const { held } = await writeAsGuest(page.id, { name: $("guest-name").querySelector("input").value, text: $("comment-text").value });
      $("guest-said").textContent = text(held ? "guests.held" : "guests.sent");
      $("comment-text").value = "";
      return;
    }
    const made = await ask("POST", path, { body: { text: $("comment-text").value } });
    mine.add(made.id);
    ahead.push({ ...made, since: performance.now() });
    $("comment-text").value = "";
  });
  $("comment-text").focus();
});

$("guest-name").querySelector("input").value = guest().name;
$("sign-in").hidden = page.account;
if (page.account) await attempt(look);
follow();
