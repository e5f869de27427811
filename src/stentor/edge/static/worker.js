// What is shown without a network: one page that says so, with the site's music where this was installed. Streams never
// pass through here. A worker between player and network has hung the players of installed pages, and breaks ranges.

const KEPT = "stentor-offline-1";
const PAGE = `/offline?lang=${navigator.language.split("-")[0]}`;
const LOADED = /"(\/(?:static\/|logo\?|site\.css\?)[^"]*)"/g;
const OURS = /^\/(?:static\/|logo$|site\.css$)/;
const SOUND = /\.(?:aac|opus|mp4|m4a|m4s|m3u8?)$/; // also where somebody opens one in a tab of its own
const SHOWN = new Set(["style", "script", "image"]);
const OLD_MS = 24 * 60 * 60 * 1000;

const worker = /** @type {any} */ (self);

/** Keeps the page and what it loads, as they are today. */
async function keep() {
  const page = await fetch(PAGE, { cache: "no-cache" });
  if (!page.ok) throw new Error(`status ${page.status}`);
  const loaded = [...new Set([...(await page.clone().text()).matchAll(LOADED)].map((found) => found[1]))];
  const cache = await caches.open(KEPT);
  await cache.addAll(loaded);
  await cache.put(PAGE, page);
  const wanted = new Set([PAGE, "/hold.m4a", ...loaded].map((path) => new URL(path, location.href).href));
  for (const { url } of await cache.keys()) if (!wanted.has(url)) await cache.delete(url);
}

/** Keeps the music that is played without a network. */
async function sound() {
  if (!(await caches.match("/hold.m4a"))) await (await caches.open(KEPT)).add("/hold.m4a");
}

/** A new release has other files: they are looked for once a day. */
async function renew() {
  const kept = await caches.match(PAGE);
  if (Date.now() - Date.parse(kept?.headers.get("Date") ?? "1970-01-01") > OLD_MS) await keep();
}

/** @param {any} event */
async function visit(event) {
  try {
    const reply = (await event.preloadResponse) ?? (await fetch(event.request));
    event.waitUntil(renew().catch(() => {})); // what is kept is good enough
    return reply;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

/** @param {Request} request */
async function load(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request);
    if (kept) return kept;
    throw error;
  }
}

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(keep().then(() => worker.skipWaiting())));
worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(Promise.all([worker.registration.navigationPreload?.enable(), worker.clients.claim()]));
});
worker.addEventListener("message", (/** @type {any} */ event) => event.waitUntil(sound())); // from a page of the installed site
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || request.headers.has("Range") || SOUND.test(pathname)) return;
  if (request.mode === "navigate") event.respondWith(visit(event));
  else if (SHOWN.has(request.destination) && OURS.test(pathname)) event.respondWith(load(request));
});
worker.addEventListener("push", (/** @type {any} */ event) => {
  const { title, body, at, url, tag, lang } = event.data.json();
  const locale = navigator.languages.find((each) => each.split("-")[0] === lang) ?? lang; // the reader's own variety of it
  const when = at ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(at) : "";
  // one that comes twice takes the place of the first
  event.waitUntil(worker.registration.showNotification(title, { body: body.replace("{when}", when), tag, lang, data: url }));
});
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});

/** @param {string} address the page that told something */
async function show(address) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((/** @type {any} */ window) => window.url === address);
  return there ? there.focus() : worker.clients.openWindow(address);
}
