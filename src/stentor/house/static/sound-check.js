// The sound check before joining: one's own voice back from the stage, and what the network does to it on the way.

import { pause } from "./page.js";
import { gathered, who } from "./whip.js";

const SPEAK_S = 4; // the stage gives everything back so much later
const SETTLE_MS = 300; // the way there and back
const CONNECT_MS = 10000;
const LOOK_MS = 100;
const QUIET = 0.01; // of full scale: nobody spoke, or into another microphone
/** From here on: not good any more, poor. What the stage says of seats has the same limits (spaces/quality.py). */
const LIMITS = { loss: [0.02, 0.08], jitter_ms: [30, 100], delay_ms: [250, 600] };

/**
 * Good, fair or poor: as bad as the worst of the three numbers.
 * @param {ConnectionNumbers} numbers
 */
export function quality(numbers) {
  const names = /** @type {(keyof ConnectionNumbers)[]} */ (Object.keys(LIMITS));
  const worst = names.map((name) => LIMITS[name].filter((limit) => numbers[name] >= limit).length);
  return ["good", "fair", "poor"][Math.max(...worst)];
}

/**
 * Speaks to the stage's echo and listens. `tell(step, share)` hears how far it is: connecting, speak, listen.
 * Gives `{failed}`, the key of a reason, or `{loudest, loss, jitter_ms, delay_ms, way, heard}`.
 * @param {{ space: string, token: string, stream: MediaStream, audio: HTMLAudioElement, iceServers: RTCIceServer[], signal: AbortSignal, tell: (step: string, share: number) => void }} how
 * @returns {Promise<SoundCheck | { failed: string }>}
 */
export async function check({ space, token, stream, audio, iceServers, signal, tell }) {
  const track = stream.getAudioTracks()[0].clone(); // switched off while its sound comes back; the meter's goes on
  const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  peer.addEventListener("track", ({ track: echo }) => {
    audio.srcObject = new MediaStream([echo]);
    audio.play().catch(() => {});
  });
  try {
    tell("connecting", 0);
    peer.addTransceiver(track, { direction: "sendrecv" });
    const failed = await connect(peer, `/echo/${space}`, token, signal);
    if (failed) return { failed };
    const loudest = await lasting(SPEAK_S, signal, (share) => (tell("speak", share), level(peer)));
    track.enabled = false;
    await pause(SETTLE_MS);
    await lasting(SPEAK_S, signal, (share) => (tell("listen", share), 0));
    return { loudest: loudest >= QUIET, ...measured(await peer.getStats()) };
  } finally {
    peer.close();
    track.stop();
    audio.srcObject = null;
  }
}

/**
 * Offers and waits for the connection; gives the key of what went wrong, or nothing.
 * @param {RTCPeerConnection} peer
 * @param {string} url
 * @param {string} token
 * @param {AbortSignal} signal
 */
async function connect(peer, url, token, signal) {
  await peer.setLocalDescription();
  await gathered(peer);
  let answer;
  try {
    const headers = { "Content-Type": "application/sdp", ...who(token) };
    answer = await fetch(url, { method: "POST", headers, body: peer.localDescription?.sdp, credentials: "same-origin", signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return "house";
  }
  if (answer.status !== 201) return (await answer.json().catch(() => ({}))).code === "echo-full" ? "full" : "stage";
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  const until = performance.now() + CONNECT_MS;
  while (peer.connectionState !== "connected") {
    if (performance.now() > until || peer.connectionState === "failed") return "udp";
    signal.throwIfAborted();
    await pause(LOOK_MS);
  }
  return "";
}

/**
 * Looks again and again for some seconds; gives the greatest number that `look` gave.
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @param {(share: number) => number | Promise<number>} look
 */
async function lasting(seconds, signal, look) {
  const began = performance.now();
  let greatest = 0;
  for (let share = 0; share < 1; share = (performance.now() - began) / seconds / 1000) {
    signal.throwIfAborted();
    greatest = Math.max(greatest, await look(share));
    await pause(LOOK_MS);
  }
  return greatest;
}

/**
 * How loud the microphone is now, 0 to 1; browsers that do not say so count as loud.
 * @param {RTCPeerConnection} peer
 */
async function level(peer) {
  const source = [...(await peer.getStats()).values()].find(({ type, kind }) => type === "media-source" && kind === "audio");
  return source?.audioLevel ?? 1;
}

/**
 * What the browser has counted on the way there and back.
 * @param {RTCStatsReport} stats
 */
function measured(stats) {
  const reports = [...stats.values()];
  /** @param {string} type */
  const of = (type) => reports.find((report) => report.type === type && report.kind === "audio");
  const pair = reports.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  const [here, there, sent] = [of("inbound-rtp"), of("remote-inbound-rtp"), of("outbound-rtp")];
  const received = here?.packetsReceived ?? 0;
  const lost = Math.max(0, here?.packetsLost ?? 0);
  const round = there?.roundTripTime || pair?.currentRoundTripTime || 0;
  return {
    heard: received > 0,
    loss: Math.max(lost / Math.max(1, received + lost), Math.max(0, there?.packetsLost ?? 0) / Math.max(1, sent?.packetsSent ?? 0)),
    jitter_ms: Math.round(1000 * Math.max(here?.jitter ?? 0, there?.jitter ?? 0)),
    delay_ms: Math.round(1000 * round),
    way: way(stats.get(pair?.localCandidateId)),
  };
}

/**
 * How sound reaches the stage: straight, or by a relay and what carries it there; a browser that does not say: UDP.
 * @param {{ candidateType: string, relayProtocol?: string }} [candidate]
 */
function way(candidate) {
  return candidate?.candidateType === "relay" ? (candidate.relayProtocol ?? "udp").toUpperCase() : "";
}
