// Where there is no space for whoever asks. A link to a seat of a private one brings its token behind the #, which no
// server sees: with it this browser gets a pass, and then the page.

import { $, ask } from "./page.js";

const { space } = JSON.parse($("page").textContent);
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
const tried = `stentor.entered.${space}`;
if (token && !sessionStorage.getItem(tried)) {
  sessionStorage.setItem(tried, "1");
  ask("POST", `/spaces/${space}/entrance`, { token, body: {} }).then(
    () => location.reload(),
    () => {}, // there is none, or the link is no good: the page says so
  );
}
