// The green room: devices, music mode, the sound check and the hold music, before anybody hears us. What is chosen is
// remembered on this device.

import { $, element, light, text } from "./page.js";
import * as microphone from "./microphone.js";
import { check, quality } from "./sound-check.js";

const KEPT = "stentor-devices";
export const MUSIC_BPS = 128_000; // Opus carries music in mono without audible loss

export class GreenRoom {
  /**
   * `use` opens the microphone that is chosen here and gives its stream; `hush` silences what else the page plays;
   * `warn` shows what does not work.
   * @param {{ space: string, token: string, use: () => Promise<MediaStream>, hush: (on: boolean) => void, warn: (sentence: string) => void }} page
   */
  constructor({ space, token, use, hush, warn }) {
    this.space = space;
    this.token = token;
    this.use = use;
    this.hush = hush;
    this.warn = warn;
    /** @type {RTCIceServer[]} */
    this.iceServers = [];
    /** @type {AbortController | null} */
    this.running = null;
    this.kept = kept();
    $("music").checked = Boolean(this.kept.music);
    $("music").addEventListener("change", () => this.#keep({ music: $("music").checked }));
    $("microphone").addEventListener("change", () => this.#keep({ microphone: $("microphone").value }));
    $("output").addEventListener("change", () => this.#keep({ output: $("output").value }).then(() => this.#route()));
    $("check").addEventListener("click", () => this.check());
    $("hold").addEventListener("click", () => this.#hold($("hold-music").paused));
  }

  /** How the microphone is to be opened, and what its sound may cost. */
  get wishes() {
    return { deviceId: $("microphone").value, music: $("music").checked };
  }

  /**
   * What the house says: where the hold music is, and how the stage is reached.
   * @param {SpaceView} view
   */
  look(view) {
    this.iceServers = view.ice_servers;
    if ($("hold-music").dataset.address === view.audience.hold) return;
    $("hold-music").dataset.address = $("hold-music").src = view.audience.hold;
  }

  /**
   * Lists the devices; `stream` is the one in use, if any. Names are known only after one was allowed.
   * @param {MediaStream | null} stream
   */
  async choices(stream) {
    const chosen = stream?.getAudioTracks()[0]?.getSettings().deviceId ?? ($("microphone").value || this.kept.microphone);
    fill($("microphone"), await microphone.all("audioinput"), chosen);
    const outputs = "setSinkId" in HTMLMediaElement.prototype ? await microphone.all("audiooutput") : [];
    $("output-row").hidden = !outputs.length;
    fill($("output"), outputs, this.kept.output);
    await this.#route();
  }

  /** Ends what goes on here: somebody joins. */
  leave() {
    this.running?.abort();
    this.#hold(false);
    $("green").hidden = true;
  }

  enter() {
    $("green").hidden = false;
  }

  /** One's own voice back, and what the network is like. */
  async check() {
    this.running?.abort();
    const running = (this.running = new AbortController());
    $("check").disabled = true;
    $("check-found").replaceChildren();
    this.#hold(false);
    this.hush(true);
    try {
      const stream = await this.use();
      const { space, token, iceServers } = this;
      /** @type {(step: string, share: number) => void} */
      const tell = (step, share) => this.#tell(step, share);
      this.#show(await check({ space, token, stream, audio: $("echo"), iceServers, signal: running.signal, tell }));
    } catch (error) {
      if (!running.signal.aborted) this.warn(text(microphone.reason(error)));
    } finally {
      if (this.running === running) this.#tell("", 0);
      if (this.running === running) this.hush(false);
      $("check").disabled = false;
    }
  }

  /**
   * @param {string} step
   * @param {number} share
   */
  #tell(step, share) {
    const said = step ? text(`check.${step}`) : "";
    if ($("check-said").textContent !== said) $("check-said").textContent = said;
    $("check-progress").hidden = !step;
    $("check-progress").value = share;
  }

  /** @param {SoundCheck | { failed: string }} found */
  #show(found) {
    $("check-found").replaceChildren(...sentences(found).map(([how, sentence]) => light(how, sentence)));
  }

  /** @param {boolean} play */
  #hold(play) {
    if (play) $("hold-music").play().catch(() => this.warn(text("check.no_hold")));
    else $("hold-music").pause();
    $("hold").setAttribute("aria-pressed", String(play));
  }

  /** @param {DeviceChoice} choice */
  async #keep(choice) {
    Object.assign(this.kept, choice);
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.kept));
    } catch {
      // the browser keeps nothing: it is asked again next time
    }
  }

  /** Sends everything that this page plays to the chosen loudspeaker. */
  async #route() {
    if ($("output-row").hidden) return;
    for (const audio of document.querySelectorAll("audio")) await audio.setSinkId($("output").value).catch(() => {});
  }
}

/**
 * What a sound check has found, as a light and a sentence each.
 * @param {SoundCheck | { failed: string }} found
 */
function sentences(found) {
  if (found.failed !== undefined) return [["red", text(`check.no_${found.failed}`)]];
  /** @type {Record<string, string>} */
  const light = { good: "green", fair: "yellow", poor: "red" };
  const how = quality(found);
  const numbers = { delay: found.delay_ms, loss: Math.round(found.loss * 1000) / 10, jitter: found.jitter_ms };
  return [
    found.loudest ? ["green", text("check.heard")] : ["yellow", text("check.quiet")],
    found.heard ? ["green", found.way ? text("check.relayed", { way: found.way }) : text("check.direct")] : ["red", text("check.one_way")],
    [light[how], `${text(`check.${how}`)} ${text("check.numbers", numbers)}`],
  ];
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {string} [chosen]
 */
function fill(select, devices, chosen) {
  const options = devices.map(({ deviceId, label }, n) =>
    element("option", { value: deviceId, selected: deviceId === chosen }, label || `${n + 1}`));
  select.replaceChildren(element("option", { value: "" }, text("stage.default_device")), ...options);
}

/** @returns {DeviceChoice} */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null") ?? {};
  } catch {
    return {};
  }
}
