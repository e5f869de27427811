// Signing in: by passkey, by password, or by a recovery code. Where to go then, the server says.

import { $, ask, text } from "./page.js";
import { attempt, canPasskey, sayProblem, toProvider, usePasskey, values } from "./sign.js";

/** @type {PeoplePage} */
const page = JSON.parse($("page").textContent);

/** @param {() => unknown} body */
const enter = (body) => attempt(async () => {
  await ask("POST", "/sign-in", { body: await body() });
  location.assign(page.next);
});

$("by-passkey").addEventListener("click", () => enter(async () => ({ passkey: await usePasskey() })));
for (const id of ["by-password", "by-code"]) {
  $(id).addEventListener("submit", (/** @type {FormEvent} */ event) => {
    event.preventDefault();
    enter(() => values(event.target));
  });
}
if (page.provider) {
  $("provider").hidden = false;
  $("by-provider").textContent = text("signin.provider", { name: page.provider });
  $("by-provider").addEventListener("click", () => attempt(() => toProvider("/sign-in/provider", { next: page.next })));
}
if (!canPasskey()) {
  $("by-passkey").disabled = true;
  $("problem").textContent = text("people.passkey_address");
}
sayProblem(page.problem);
