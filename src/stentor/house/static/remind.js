// Asks this browser to be told of a talk: by its own service of push messages, without an account.

import { $, text } from "./page.js";
import { locale } from "./shared/texts.js";

/** @type {{ space: string, key: string }} */
const { space, key } = JSON.parse($("page").textContent);
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
const button = /** @type {HTMLButtonElement} */ ($("push"));

/** @param {string} name what is said below the button, with an address to take it back */
function say(name, link = "") {
  $("pushed").replaceChildren(text(name));
  if (!link) return;
  const back = Object.assign(document.createElement("a"), { href: link, textContent: text("remind.off") });
  $("pushed").append(" ", back);
}

/** @param {string} encoded base64url */
function bytes(encoded) {
  const plain = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

/** The subscription of this browser: one for the whole site, and made again where it was for another key. */
async function subscription() {
  await navigator.serviceWorker.register("/sw.js");
  const worker = await navigator.serviceWorker.ready;
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  try {
    return await worker.pushManager.subscribe(wanted);
  } catch (error) {
    const old = await worker.pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return worker.pushManager.subscribe(wanted);
  }
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return say("remind.push_denied");
  const { endpoint, keys } = (await subscription()).toJSON();
  const body = new URLSearchParams({ space, zone, endpoint: endpoint ?? "", p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" });
  const reply = await fetch("/account/remind/push", { method: "POST", body, signal: AbortSignal.timeout(20_000) });
  if (!reply.ok) throw new Error((await reply.json()).detail);
  say("remind.push_done", (await reply.json()).link);
  button.hidden = true;
}

const whole = new Intl.DateTimeFormat(locale(), { dateStyle: "full", timeStyle: "short" });
for (const time of document.querySelectorAll("time")) time.textContent = whole.format(Date.parse(time.dateTime));
for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[name=zone]"))) field.value = zone;
button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    await subscribe();
  } catch (error) {
    console.warn(error);
    say("remind.push_failed");
  }
  button.disabled = false;
});
if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  const there = await fetch("/sw.js", { method: "HEAD", signal: AbortSignal.timeout(8000) }).catch(() => null);
  $("by-push").hidden = !there?.ok;
}
