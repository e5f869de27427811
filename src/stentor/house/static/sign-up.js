// Making an account, with a passkey or a password. An invitation stands behind `#`, where no server logs it.

import { plain, suggested } from "./handle.js";
import { $, ask, text } from "./page.js";
import { attempt, canPasskey, makePasskey, showCodes, toProvider, values } from "./sign.js";

/** @type {PeoplePage} */
const page = JSON.parse($("page").textContent);
const form = $("sign-up");
const takeIn = (/** @type {boolean} */ invited) => {
  form.hidden = page.needs && !invited;
  if ($("needs")) $("needs").hidden = invited;
  $("provider").hidden = !page.provider || !(invited || page.provider_opens);
};
const invitation = new URLSearchParams(location.hash.slice(1)).get("invitation");

/** @type {{ name: HTMLInputElement, handle: HTMLInputElement }} */
const { name: called, handle: chosen } = form.elements;
let own = chosen.value !== ""; // until somebody writes one, it follows the name
called.addEventListener("input", () => { if (!own) chosen.value = suggested(called.value); });
chosen.addEventListener("focus", () => { if (!own) chosen.select(); }); // what is written then takes its place
chosen.addEventListener("input", () => {
  own = chosen.value !== "";
  const [at, fit] = [chosen.selectionStart, plain(chosen.value)];
  if (fit === chosen.value) return;
  chosen.value = fit;
  chosen.setSelectionRange(at, at);
});

form.addEventListener("submit", async (/** @type {SubmitEvent & { submitter: HTMLButtonElement | null }} */ event) => {
  event.preventDefault();
  const { handle, name, password } = values(form);
  const wish = { handle, name, invitation };
  await attempt(async () => {
    const key = event.submitter?.value === "password"
      ? { password }
      : { passkey: await makePasskey("/sign-up/options", wish) };
    const made = await ask("POST", "/sign-up", { body: { ...wish, ...key } });
    history.replaceState(null, "", location.pathname);
    showCodes(made.recovery_codes);
    if (made.profile.role === "admin" && page.next === "/account") /** @type {HTMLAnchorElement} */ (document.querySelector("#done .primary")).href = "/admin/welcome";
    form.hidden = $("provider").hidden = true;
    $("done").hidden = false;
    $("done-title").focus();
  });
});

if (page.provider) {
  $("by-provider").textContent = text("signup.provider", { name: page.provider });
  $("by-provider").addEventListener("click", () =>
    attempt(() => toProvider("/sign-in/provider", { next: page.next, invitation })));
}
takeIn(!page.needs || Boolean(invitation));
if (!form.hidden && !called.value) called.focus();
if (!canPasskey()) {
  form.querySelector('button[value="passkey"]').disabled = true;
  $("problem").textContent = text("people.passkey_address");
}
