// The microphone: asking for it, choosing one, and how loud it is.

const FLOOR_DB = -60;
const SILENT_MS = 6000;

/** Why there is no microphone, as the key of a text; empty when there may be one. */
export function blocked() {
  if (!window.isSecureContext) return "error.insecure";
  if (!window.RTCPeerConnection || !navigator.mediaDevices?.getUserMedia) return "error.no_webrtc";
  return "";
}

/**
 * The key of the text for what `getUserMedia` throws.
 * @param {Error} error
 */
export function reason(error) {
  switch (error.name) {
    case "NotAllowedError": case "SecurityError": return "error.denied";
    case "NotFoundError": case "OverconstrainedError": return "error.no_microphone";
    case "NotReadableError": case "AbortError": return "error.microphone_busy";
    default: return "error.no_webrtc";
  }
}

/**
 * A stream of the microphone with this id, or of the system's own choice. For speech the browser takes echo and noise
 * away and levels; for music that would spoil it.
 * @param {{ deviceId?: string, music: boolean }} wishes
 */
export async function open({ deviceId, music }) {
  /** @type {MediaTrackConstraints} */
  const audio = { echoCancellation: !music, noiseSuppression: !music, autoGainControl: !music, channelCount: 1 };
  if (deviceId) audio.deviceId = { exact: deviceId };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  stream.getAudioTracks()[0].contentHint = music ? "music" : "speech";
  return stream;
}

/**
 * The devices of a kind; their names are known only after a microphone was allowed.
 * @param {"audioinput" | "audiooutput"} wanted
 */
export async function all(wanted) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind, deviceId }) => kind === wanted && !["", "default", "communications"].includes(deviceId));
}

/** Draws the level of a stream into `bar`, and tells when the microphone gives no sound at all, or gives it again. */
export class Meter {
  /**
   * @param {HTMLElement} bar
   * @param {(silent: boolean) => void} onSilence
   */
  constructor(bar, onSilence) {
    this.bar = bar;
    this.onSilence = onSilence;
    /** @type {AudioContext | null} */
    this.context = null;
  }

  /** @param {MediaStream} stream */
  start(stream) {
    this.stop();
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    context.createMediaStreamSource(stream).connect(analyser);
    this.context = context;
    const samples = new Float32Array(analyser.fftSize);
    let heard = performance.now();
    let silent = false;
    let shown = 0;
    /** @param {number} now */
    const draw = (now) => {
      if (this.context !== context) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const level = Math.max(0, 1 - (10 * Math.log10(power + 1e-12)) / FLOOR_DB);
      shown = Math.max(level, shown - 0.02); // quick up, slow down, as meters do
      this.bar.style.transform = `scaleX(${Math.min(1, shown)})`;
      if (power > 1e-10 || !stream.getAudioTracks()[0]?.enabled) heard = now;
      if (now - heard > SILENT_MS !== silent) this.onSilence((silent = !silent));
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  stop() {
    this.context?.close();
    this.context = null;
    this.bar.style.transform = "scaleX(0)";
  }
}
