// A site that is put on a home screen opens without a network, too, and may show notifications there (`worker.js`).

/** Whether this page runs as an app of its own. */
const installed = () => matchMedia("(display-mode: standalone)").matches;

/** Leaves the worker with the browser, when the page has loaded all of its own. */
export function register() {
  if (!navigator.serviceWorker) return;
  if (document.readyState === "complete") start();
  else addEventListener("load", start);
}

async function start() {
  try {
    await navigator.serviceWorker.register("/sw.js");
    if (installed()) (await navigator.serviceWorker.ready).active?.postMessage("installed");
  } catch {
    // not over https, or not allowed here: then nothing is there without a network
  }
}

/**
 * How much waits for whoever installed this; 0 takes the mark away.
 * @param {number} count
 */
export function badge(count) {
  if (navigator.setAppBadge) navigator.setAppBadge(count).catch(() => {}); // only an app has one
}
