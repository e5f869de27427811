// Pulses by chunk number: read out of the sound itself (emsg boxes, ISO/IEC 23009-1, 5.10.3.3), so that the page
// shows who talks when it is heard, and asks nobody for it.

const SCHEME = "urn:stentor:pulse:2026";
const KEPT = 60;
// A crowded edge tells the pulse once a segment (3.84 s), and HLS without parts brings it 4 s later still.
const FRESH_MS = 12_000;
const text = new TextDecoder();

export class PulseTrack {
  /** @type {Map<number, Pulse>} */
  #byChunk = new Map();
  #readAt = -Infinity; // a page that has heard nothing knows of nobody
  /** @type {Pulse | null} */
  newest = null;

  // Whether pulses come with the sound.
  get fresh() {
    return performance.now() - this.#readAt < FRESH_MS;
  }

  /** @param {Pulse} pulse */
  put(pulse) {
    this.newest = pulse;
    this.#byChunk.set(pulse.chunk, pulse);
    const [oldest] = this.#byChunk.keys();
    if (this.#byChunk.size > KEPT) this.#byChunk.delete(oldest);
  }

  /**
   * The newest pulse that is not ahead of what is heard.
   * @param {number} chunk
   */
  at(chunk) {
    /** @type {Pulse | null} */
    let found = null;
    for (const [number, pulse] of this.#byChunk) if (number <= chunk && (!found || number > found.chunk)) found = pulse;
    return found;
  }

  /**
   * Takes the pulses out of a piece of fragmented MP4.
   * @param {ArrayBuffer} [bytes]
   */
  read(bytes) {
    if (!bytes?.byteLength) return;
    const view = new DataView(bytes);
    for (let at = 0; at + 8 <= view.byteLength; ) {
      const size = view.getUint32(at);
      if (size < 8) return;
      if (text.decode(new Uint8Array(bytes, at + 4, 4)) === "emsg") this.#emsg(bytes, view, at, size);
      at += size;
    }
  }

  /**
   * @param {ArrayBuffer} bytes
   * @param {DataView} view
   * @param {number} at
   * @param {number} size
   */
  #emsg(bytes, view, at, size) {
    if (view.getUint8(at + 8) !== 1 || at + size > view.byteLength) return;
    const fields = text.decode(new Uint8Array(bytes, at + 32, size - 32)).split("\0");
    if (fields[0] !== SCHEME) return;
    try {
      this.put(JSON.parse(fields.slice(2).join("\0")));
      this.#readAt = performance.now();
    } catch {
      // not a pulse
    }
  }
}
