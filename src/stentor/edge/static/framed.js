// In a frame of somebody else's page: tells that page what the player does, and does what it asks (docs/howto/embed.md).
// Whom it talks with stands behind the frame's address: #origin=https://blog.example. Without it, it talks with nobody.

import { $ } from "./shared/element.js";

const TIME_MS = 1000;
const parent = window.parent;
const allowed = origin(new URLSearchParams(location.hash.slice(1)).get("origin"));
const live = /** @type {HTMLAudioElement} */ ($("audio"));
const recording = /** @type {HTMLAudioElement} */ ($("recording").querySelector("audio"));

/**
 * @param {string | null} text
 * @returns {string | null} null for what is none
 */
function origin(text) {
  try {
    const found = new URL(text ?? "").origin;
    return found === "null" ? null : found;
  } catch {
    return null;
  }
}

/** Which of the two plays: the recording, once there is one. */
function audio() {
  return $("recording").hidden ? live : recording;
}

function phase() {
  return $("state").dataset.state ?? "";
}

function place() {
  const { currentTime, duration } = recording;
  return audio() === recording ? { at_s: currentTime, length_s: Number.isFinite(duration) ? duration : null } : {};
}

/**
 * @param {string} event
 * @param {Record<string, unknown>} [more]
 */
function tell(event, more = {}) {
  if (allowed) parent.postMessage({ stentor: 1, event, phase: phase(), ...place(), ...more }, allowed);
}

/** @param {{ do?: unknown, at_s?: unknown }} wish */
function obey(wish) {
  const sound = audio();
  switch (wish.do) {
    case "play":
    case "pause":
      if (sound.paused !== (wish.do === "play")) return;
      (sound === recording ? $("replay-play") : $("play")).click();
      break;
    case "seek":
      if (sound !== recording || typeof wish.at_s !== "number" || !Number.isFinite(wish.at_s)) return;
      recording.currentTime = Math.max(0, Math.min(wish.at_s, recording.duration || 0));
  }
}

/** @param {HTMLAudioElement} sound */
function follow(sound) {
  /** @type {Record<string, string>} */
  const names = { playing: "playing", pause: "paused", waiting: "waiting", ended: "ended", error: "error" };
  for (const [name, event] of Object.entries(names)) {
    sound.addEventListener(name, () => {
      if (sound !== audio() || (name === "error" && !sound.getAttribute("src") && sound === live)) return; // it was stopped
      tell(event);
    });
  }
  sound.addEventListener("seeked", () => sound === audio() && tell("time"));
}

if (allowed && parent !== window) {
  follow(live);
  follow(recording);
  let before = phase();
  new MutationObserver(() => {
    if (phase() === before) return;
    before = phase();
    tell(before === "ended" ? "ended" : "phase");
  }).observe($("state"), { attributes: true, attributeFilter: ["data-state"] });
  let chapter = "";
  new MutationObserver(() => {
    const title = $("now").textContent ?? "";
    if (title !== chapter) tell("chapter", { title: (chapter = title) });
  }).observe($("now"), { childList: true, characterData: true, subtree: true });
  setInterval(() => {
    if (!audio().paused) tell("time");
  }, TIME_MS);
  window.addEventListener("message", ({ data, origin: from, source }) => {
    if (source === parent && from === allowed && typeof data === "object" && data?.stentor === 1) obey(data);
  });
  tell("ready");
}
