// What the pages about accounts share: asking the browser for a passkey, showing errors, recovery codes.

import { $, ask, button, element, text } from "./page.js";

const problem = $("problem");

/**
 * Does `work`; says what went wrong and gives whether all went well. A cancelled passkey is nothing to complain of.
 * What takes a new sign-in is done once more after `again` has brought one (true).
 * @param {() => unknown} work
 * @param {(() => Promise<boolean>) | null} again
 * @returns {Promise<boolean>}
 */
export async function attempt(work, again = null) {
  problem.textContent = "";
  try {
    await work();
    return true;
  } catch (error) {
    if (again && error.code === "sign-in-again") return (await again()) && attempt(work);
    problem.textContent = sentence(error);
    if (error.decision) problem.append(" ", element("a", { href: error.decision }, text("decisions.one")));
    return false;
  }
}

/** @param {Error} error */
function sentence(error) {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return text("people.passkey_cancelled");
  if (error.name === "InvalidStateError") return text("people.passkey_known");
  if (error.name === "SecurityError") return text("people.passkey_address");
  return error.message;
}

/** Whether this browser can make passkeys on this page: only over https, or on localhost. */
export const canPasskey = () => Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

/** @param {Credential | null} credential */
const asJson = (credential) => /** @type {PublicKeyCredential} */ (credential).toJSON();

/**
 * Asks for a new passkey; `path` gives the options, and gets `body`.
 * @param {string} path
 * @param {object} [body]
 */
export async function makePasskey(path, body) {
  const { options } = await ask("POST", path, { body });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return asJson(await navigator.credentials.create({ publicKey }));
}

/** Asks for a passkey of this site. */
export async function usePasskey() {
  const { options } = await ask("POST", "/sign-in/options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return asJson(await navigator.credentials.get({ publicKey }));
}

/**
 * Goes to the site's sign-in provider; `path` says where that is, and gets `body`.
 * @param {string} path
 * @param {object} [body]
 */
export async function toProvider(path, body) {
  location.assign((await ask("POST", path, { body })).address);
}

/**
 * Says what went wrong at the provider, if anything did, by the code that the page's address brought back.
 * @param {string} code
 */
export function sayProblem(code) {
  if (!code) return;
  const key = `problem.${code}`;
  problem.textContent = text(key) === key ? text("problem.other") : text(key);
}

/**
 * Shows recovery codes, to be copied or kept in a file.
 * @param {string[]} codes
 */
export function showCodes(codes) {
  const all = `${codes.join("\n")}\n`;
  const copy = button(text("codes.copy"), async () => {
    await navigator.clipboard?.writeText(all);
    copy.textContent = text("do.copied");
  });
  const keep = button(text("codes.download"), () => download(all, "text/plain", `recovery-codes-${location.hostname}.txt`));
  $("codes-take").replaceChildren(copy, keep);
  $("codes").replaceChildren(...codes.map((code) => element("li", {}, element("code", {}, code))));
}

/**
 * Gives the browser a file to keep.
 * @param {string} content
 * @param {string} type
 * @param {string} name
 */
export function download(content, type, name) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href, download: name }).click();
  URL.revokeObjectURL(href);
}

/**
 * The fields of a form by name.
 * @param {HTMLFormElement} form
 */
export const values = (form) => Object.fromEntries(new FormData(form));
