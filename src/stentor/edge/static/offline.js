// The page that is shown without a network: it opens what was asked for as soon as that can be had.

const AGAIN_MS = 10_000;

const button = /** @type {HTMLButtonElement} */ (document.getElementById("music"));
const player = new Audio();
player.loop = true;

async function again() {
  if (location.pathname === "/offline") return;
  try {
    await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(AGAIN_MS) });
    location.reload();
  } catch {
    // still nothing
  }
}

async function offer() {
  const kept = await caches.match("/hold.m4a");
  if (!kept) return;
  player.src = URL.createObjectURL(await kept.blob());
  button.hidden = false;
}

button.addEventListener("click", () => {
  const playing = !player.paused;
  if (playing) player.pause();
  else player.play();
  button.textContent = (playing ? button.dataset.play : button.dataset.pause) ?? "";
});
document.getElementById("again")?.addEventListener("click", () => location.reload());
addEventListener("online", again);
setInterval(again, AGAIN_MS);
offer().catch(() => {}); // a browser that keeps nothing has no music either
