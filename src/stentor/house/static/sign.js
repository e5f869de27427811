// What the pages about accounts share: asking the browser for a passkey, showing errors, recovery codes.

import { ask, element, text } from "./page.js";

const problem = document.getElementById("problem");

/** Does `work`; says what went wrong and gives whether all went well. A cancelled passkey is nothing to complain of.
 * What takes a new sign-in is done once more after `again` has brought one (true). */
export async function attempt(work, again = null) {
  problem.textContent = "";
  try {
    await work();
    return true;
  } catch (error) {
    if (again && error.code === "sign-in-again") return (await again()) && attempt(work);
    problem.textContent = sentence(error);
    return false;
  }
}

function sentence(error) {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return text("people.passkey_cancelled");
  if (error.name === "InvalidStateError") return text("people.passkey_known");
  if (error.name === "SecurityError") return text("people.passkey_address");
  return error.message;
}

/** Whether this browser can make passkeys on this page: only over https, or on localhost. */
export const canPasskey = () => Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

/** Asks for a new passkey; `path` gives the options, and gets `body`. */
export async function makePasskey(path, body) {
  const { options } = await ask("POST", path, { body });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

/** Asks for a passkey of this site. */
export async function usePasskey() {
  const { options } = await ask("POST", "/sign-in/options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

export function showCodes(codes) {
  document.getElementById("codes").replaceChildren(...codes.map((code) => element("li", {}, element("code", {}, code))));
}

/** The fields of a form by name. */
export const values = (form) => Object.fromEntries(new FormData(form));
