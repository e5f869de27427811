// Signing in once more, in a dialog, for what takes a sign-in of the last ten minutes.

import { ask } from "./page.js";
import { attempt, canPasskey, usePasskey, values } from "./sign.js";

const dialog = document.getElementById("again");
const password = document.getElementById("again-password");
const passkey = document.getElementById("again-passkey");

/** Asks whoever owns the account of this `view` (`GET /account`) to sign in; gives whether they did. */
export function signInAgain(view) {
  password.hidden = !view.has_password;
  passkey.hidden = !view.passkeys.length || !canPasskey();
  password.reset();
  dialog.showModal();
  return new Promise((done) => {
    const enter = async (body) => {
      const signedIn = await attempt(async () => ask("POST", "/sign-in", { body: await body() }));
      dialog.close(signedIn ? "done" : "");
    };
    password.onsubmit = (event) => {
      event.preventDefault();
      enter(() => ({ handle: view.profile.handle, password: values(password).password }));
    };
    passkey.onclick = () => enter(async () => ({ passkey: await usePasskey() }));
    dialog.onclose = () => {
      const signedIn = dialog.returnValue === "done";
      dialog.returnValue = "";
      done(signedIn);
    };
  });
}

document.getElementById("again-cancel").addEventListener("click", () => dialog.close());
