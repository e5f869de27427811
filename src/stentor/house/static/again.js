// Signing in once more, in a dialog, for what takes a sign-in of the last ten minutes.

import { $, ask, text } from "./page.js";
import { attempt, canPasskey, toProvider, usePasskey, values } from "./sign.js";

const dialog = $("again");
const password = $("again-password");
const passkey = $("again-passkey");
const elsewhere = $("again-provider");

/**
 * Asks whoever owns the account of this `view` (`GET /account`) to sign in; gives whether they did.
 * @param {AccountView} view
 * @param {string} provider
 * @returns {Promise<boolean>}
 */
export function signInAgain(view, provider) {
  password.hidden = !view.has_password;
  passkey.hidden = !view.passkeys.length || !canPasskey();
  elsewhere.hidden = !provider || !view.providers.length;
  elsewhere.textContent = text("signin.provider", { name: provider });
  password.reset();
  dialog.showModal();
  return new Promise((done) => {
    /** @param {() => unknown} body */
    const enter = async (body) => {
      const signedIn = await attempt(async () => ask("POST", "/sign-in", { body: await body() }));
      dialog.close(signedIn ? "done" : "");
    };
    password.onsubmit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      enter(() => ({ handle: view.profile.handle, password: values(password).password }));
    };
    passkey.onclick = () => enter(async () => ({ passkey: await usePasskey() }));
    elsewhere.onclick = () => attempt(() => toProvider("/sign-in/provider", { next: "/account" }));
    dialog.onclose = () => {
      const signedIn = dialog.returnValue === "done";
      dialog.returnValue = "";
      done(signedIn);
    };
  });
}

$("again-cancel").addEventListener("click", () => dialog.close());
