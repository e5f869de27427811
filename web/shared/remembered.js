// Whether somebody is signed in in this browser, for pages that everybody gets alike and that ask nobody.

const KEY = "stentor-signed-in";

/** Whether the last page that knew was shown to somebody who is signed in. */
export function remembered() {
  try { return localStorage.getItem(KEY) === "yes"; } catch { return false; }
}

/** @param {boolean} signedIn */
export function remember(signedIn) {
  try {
    if (signedIn) localStorage.setItem(KEY, "yes");
    else localStorage.removeItem(KEY);
  } catch { /* then those pages offer to sign in */ }
}
