// Files that are being brought along: how far they are is looked up while one is under way.

const EVERY_MS = 2000;

/** What stands on the page anew, as long as something of it changes. */
export function followImports() {
  const shown = document.querySelector("[data-imports=busy]");
  if (shown) setTimeout(() => void again(shown), EVERY_MS);
}

/** @param {Element} shown */
async function again(shown) {
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(20_000) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-imports]");
    if (answer.ok && fresh) {
      const focused = shown.contains(document.activeElement);
      if (!focused) shown.replaceWith(document.adoptNode(fresh));
    }
  } catch {
    // away: the next look may be answered
  }
  followImports();
}
