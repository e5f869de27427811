// Where there is no space for whoever asks. A link to a seat of a private one brings its token behind the #, which no
// server sees, and the page of the stage keeps it: with it this browser gets a pass, and then the page.

import { $, ask } from "./page.js";

const AGAIN_MS = 10e3; // who got a pass and is here again at once is not let in by trying again
const { space } = JSON.parse($("page").textContent);
const hidden = new URLSearchParams(location.hash.slice(1));
const short = hidden.get("t");
const kept = sessionStorage.getItem(`stentor-invitation-${space}`);
const token = short ? `${space}.${short}` : hidden.get("token") ?? kept ?? "";
const tried = `stentor.entered.${space}`;
if (token && Date.now() - Number(sessionStorage.getItem(tried)) > AGAIN_MS) {
  sessionStorage.setItem(tried, String(Date.now()));
  ask("POST", `/spaces/${space}/entrance`, { token, body: {} }).then(
    () => location.reload(),
    () => {}, // there is none, or the link is no good: the page says so
  );
}
