// One place on the stage over WHIP (RFC 9725), made again by itself for as long as it is wanted.
//
// Events ("change") tell the state: connecting, connected, reconnecting, waiting (the stage says: not now),
// refused (`problem` says why; it is not tried again: also when another device has taken the seat), left.

import { about, pause } from "./page.js";

const GATHER_MS = 500; // most candidates are there by then; later ones trickle
const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 1500; // a stage has a dozen seats: their haste harms nobody
const CONNECT_MS = 8000;
const LOOK_MS = 500;
const LOST_MS = 1000; // the stage sends 50 packets a second, or 10 of silence; ICE itself notices a loss after 5 to 8 s
const FINAL = new Set([400, 401, 403, 404, 405, 413, 415, 422]);

/**
 * The header that says who we are; without a token the session's cookie does.
 * @param {string} token
 */
export const who = (token) => (token ? { Authorization: `Bearer ${token}` } : /** @type {Record<string, string>} */ ({}));

export class Seat extends EventTarget {
  /** @type {(() => void) | undefined} */
  giveUp;

  /**
   * `stream` has the microphone's track; `audio` plays the others (the mix without us); `bps` 0: as the browser likes.
   * `takenMs` is when this device took the seat: of several the latest keeps it.
   * @param {{ url: string, token: string, takenMs: number, stream: MediaStream, audio: HTMLAudioElement, bps?: number, iceServers?: RTCIceServer[], agreed?: () => Record<string, string> }} how
   */
  constructor({ url, token, takenMs, stream, audio, bps = 0, iceServers = [], agreed = () => ({}) }) {
    super();
    this.url = url;
    this.token = token;
    this.takenMs = takenMs;
    this.stream = stream;
    this.audio = audio;
    this.bps = bps;
    this.iceServers = iceServers;
    this.agreed = agreed;
    this.state = "left";
    /** @type {StageProblem | null} */
    this.problem = null;
    this.wanted = false;
    /** @type {RTCPeerConnection | null} */
    this.peer = null;
    this.session = "";
  }

  async join() {
    this.wanted = true;
    let failures = 0;
    this.#tell("connecting");
    while (this.wanted) {
      const held = performance.now();
      const refused = await this.#attempt();
      if (!this.wanted) break;
      // A new seat may take a moment to reach the stage; whether it is gone for good the house says.
      if (refused && (refused.code === "displaced" || (FINAL.has(refused.status) && refused.code !== "no-seat"))) {
        this.wanted = false;
        this.problem = refused;
        return this.#tell("refused");
      }
      // A connection that had stood for a while starts counting anew.
      failures = performance.now() - held > 10000 ? 0 : failures + 1;
      this.problem = refused;
      this.#tell(refused?.status === 409 || refused?.status === 503 ? "waiting" : "reconnecting");
      const step = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 6));
      await pause(about(Math.max(step, (refused?.retryAfter ?? 0) * 1000)));
    }
  }

  /**
   * Puts another microphone on the same connection, or the same in another way.
   * @param {MediaStream} stream
   * @param {number} bps
   */
  async replace(stream, bps) {
    this.stream = stream;
    this.bps = bps;
    const sender = this.peer?.getSenders().find((each) => each.track?.kind === "audio" || each.track === null);
    if (!sender) return;
    await sender.replaceTrack(stream.getAudioTracks()[0]);
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings ?? []) {
      if (bps) encoding.maxBitrate = bps;
      else delete encoding.maxBitrate;
    }
    await sender.setParameters(parameters).catch(() => {}); // a browser that cannot keeps its own bitrate
  }

  /** Drops the connection and makes a new one: the house says that the stage does not hear us. */
  renew() {
    this.giveUp?.();
  }

  async leave() {
    this.wanted = false;
    this.#close();
    this.#tell("left");
  }

  /** @param {string} state */
  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }

  /**
   * One connection from its offer to its end. Gives the problem of a refusal, or null for one that was lost.
   * @returns {Promise<StageProblem | null>}
   */
  async #attempt() {
    const peer = new RTCPeerConnection({ iceServers: this.iceServers, bundlePolicy: "max-bundle" });
    this.peer = peer;
    /** @type {RTCIceCandidate[]} */
    const late = [];
    let session = "";
    let etag = "";
    const trickle = () => session && late.length && this.#patch(session, etag, peer, late.splice(0));
    peer.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.candidate) late.push(candidate);
      trickle();
    });
    peer.addEventListener("track", ({ streams, track }) => {
      this.audio.srcObject = streams[0] ?? new MediaStream([track]);
      this.audio.play().catch(() => this.dispatchEvent(new Event("blocked")));
    });
    try {
      const sendEncodings = [this.bps ? { maxBitrate: this.bps } : {}];
      peer.addTransceiver(this.stream.getAudioTracks()[0], { direction: "sendrecv", streams: [this.stream], sendEncodings });
      await peer.setLocalDescription();
      await gathered(peer);
      late.length = 0; // those are in the offer
      const answer = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/sdp", "Seat-Taken": String(this.takenMs), ...this.agreed(), ...who(this.token) },
        body: peer.localDescription?.sdp,
        credentials: "same-origin",
        signal: AbortSignal.timeout(10000),
      });
      if (answer.status !== 201) {
        const problem = await answer.json().catch(() => ({}));
        const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
        return { status: answer.status, code: problem.code ?? "", detail: problem.detail ?? "", retryAfter };
      }
      session = new URL(String(answer.headers.get("Location")), new URL(this.url, location.href)).href;
      if (!this.wanted) return this.#end(session); // left while the stage was answering
      this.session = session;
      etag = answer.headers.get("ETag") ?? "";
      await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      if (!this.wanted) return null;
      trickle();
      await this.#watch(peer);
    } catch {
      // the house is not there, or the connection failed: lost, and tried again
    } finally {
      if (this.peer === peer) this.#close();
      else peer.close();
    }
    return null;
  }

  /**
   * Returns when the connection is lost: it failed, or nothing has come from the stage for a while.
   * @param {RTCPeerConnection} peer
   */
  async #watch(peer) {
    let lost = false;
    let told = false;
    let packets = 0;
    let alive = performance.now();
    this.giveUp = () => { lost = true; };
    const { transport } = peer.getSenders()[0];
    const goodbye = new Promise((done) => {
      transport?.addEventListener("statechange", () => {
        lost ||= transport.state === "closed"; // a stage that ends says so: another one has our seat in a moment
        if (lost) done(undefined);
      });
    });
    while (!lost && !["failed", "closed"].includes(peer.connectionState)) {
      const now = performance.now();
      const came = await received(peer);
      if (came > packets) alive = now;
      packets = came;
      if (now - alive > (packets ? LOST_MS : CONNECT_MS)) return;
      if (!told && peer.connectionState === "connected") this.#tell("connected");
      told ||= peer.connectionState === "connected";
      await Promise.race([pause(told ? LOOK_MS : 50), goodbye]);
    }
  }

  /**
   * Sends candidates that came after the offer (RFC 8840, section 9). A loss does no harm: others are in the offer.
   * @param {string} session
   * @param {string} etag
   * @param {RTCPeerConnection} peer
   * @param {RTCIceCandidate[]} candidates
   */
  #patch(session, etag, peer, candidates) {
    const [, ufrag] = peer.localDescription?.sdp.match(/a=ice-ufrag:(\S+)/) ?? [];
    const [, password] = peer.localDescription?.sdp.match(/a=ice-pwd:(\S+)/) ?? [];
    const lines = [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, "m=audio 9 RTP/AVP 0", `a=mid:${candidates[0].sdpMid ?? "0"}`];
    lines.push(...candidates.map(({ candidate }) => `a=${candidate}`));
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/trickle-ice-sdpfrag", ...who(this.token) };
    if (etag) headers["If-Match"] = etag;
    fetch(session, { method: "PATCH", headers, body: `${lines.join("\r\n")}\r\n`, credentials: "same-origin" }).catch(() => {});
  }

  #close() {
    const { peer, session } = this;
    this.peer = null;
    this.session = "";
    peer?.close();
    this.giveUp?.();
    this.audio.srcObject = null;
    if (session && !this.wanted) this.#end(session);
  }

  /**
   * Frees the seat; keepalive lets the request out even while the page closes.
   * @param {string} session
   */
  #end(session) {
    fetch(session, { method: "DELETE", headers: who(this.token), keepalive: true, credentials: "same-origin" }).catch(() => {});
    return null;
  }
}

/**
 * Packets of sound that have come so far.
 * @param {RTCPeerConnection} peer
 */
async function received(peer) {
  const reports = [...(await peer.getStats()).values()];
  return reports.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio")?.packetsReceived ?? 0;
}

/**
 * Waits until all candidates are known, or most.
 * @param {RTCPeerConnection} peer
 * @returns {Promise<void>}
 */
export function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((done) => {
    setTimeout(done, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done());
  });
}
