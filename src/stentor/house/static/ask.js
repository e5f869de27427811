// Where somebody of the audience asks to speak: a name, then the place in the line, then the way onto the stage.
// A crowd may have this page open, so it asks the house rarely, and more rarely while the house does not answer.

import { $, about, ask, pause, text } from "./page.js";

const space = JSON.parse($("page").textContent);
const path = `/spaces/${space.id}/requests`;
const kept = `stentor-request-${space.id}`; // one request a browser: asked anew it keeps its place
const POLL_MS = 5000;
const LONGEST_POLL_MS = 60000;
const REFUSED = new Set([401, 403]);

let token = localStorage.getItem(kept) ?? "";

/**
 * Shows what has become of the request; without one, the form.
 * @param {RequestView | null} request
 */
function show(request) {
  const { state = "", place, waiting, link } = request ?? {};
  $("standing").textContent = state ? text(`ask.${state}`, { place, waiting }) : "";
  $("ask").hidden = !["", "closed"].includes(state);
  $("withdraw").hidden = state !== "waiting";
  $("go").hidden = state !== "accepted";
  if (link) $("go").href = link;
}

/**
 * Does something about the request; what the house says against it is shown.
 * @param {() => Promise<RequestView>} action
 */
async function attempt(action) {
  $("warning").textContent = "";
  try {
    show(await action());
  } catch (error) {
    $("warning").textContent = error.message;
  }
}

/** @param {string} name */
function send(name) {
  return attempt(async () => {
    const request = await ask("POST", path, { token, body: { name } }).catch((error) => {
      if (error.status !== 401) throw error;
      return ask("POST", path, { body: { name } }); // the token of an earlier request has run out
    });
    token = request.token;
    localStorage.setItem(kept, token);
    return request;
  });
}

async function follow() {
  let wait = POLL_MS;
  for (;;) {
    if (token) {
      try {
        show(await ask("GET", `${path}/own`, { token }));
        $("warning").textContent = "";
        wait = POLL_MS;
      } catch (error) {
        if (REFUSED.has(error.status)) forget();
        else $("warning").textContent = text("ask.quiet");
        wait = Math.min(LONGEST_POLL_MS, Math.max(wait * 2, error.retryAfter * 1000));
      }
    }
    await pause(about(wait));
  }
}

/** The token is worth nothing any more: it has run out, or is of another house. */
function forget() {
  token = "";
  localStorage.removeItem(kept);
  show(null);
}

$("ask").addEventListener("submit", (/** @type {FormEvent} */ event) => {
  event.preventDefault();
  send(event.target.elements.name.value);
});
$("withdraw").addEventListener("click", () => attempt(() => ask("DELETE", `${path}/own`, { token })));

show(null);
follow();
