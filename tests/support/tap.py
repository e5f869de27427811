"""What a page's microphone gives and what its connection receives, each piece with the wall clock of its arrival.

Both are taken by an AudioWorklet that the test gives the page; the product knows nothing of it. Browsers on one machine
have one clock, so the times of two pages can be compared: to about 20 ms, as Chromium hands sound on in such pieces.
"""

from __future__ import annotations

import base64
from typing import Final

import numpy as np
from playwright.async_api import Page

from stentor.client.history import SoundHistory

RATE_HZ: Final = 48_000
PIECE: Final = 480
"""Samples a piece: 10 ms, in which the clock is looked at once."""

TAPS: Final = """
window.given = [];
window.received = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async () => {
  const stream = await ask({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
  window.given.push(stream);
  return stream;
};
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...all) {
    super(...all);
    this.addEventListener("track", ({ track }) => window.received.push(new MediaStream([track])));
  }
};
"""
"""To run before a page's own scripts: keeps the microphone's stream, as it was recorded, and the received one."""

_WORKLET = f"""
registerProcessor("tap", class extends AudioWorkletProcessor {{
  piece = new Float32Array({PIECE});
  filled = 0;
  begun = 0;
  process([[channel]]) {{
    for (const sample of channel ?? []) {{
      if (this.filled === 0) this.begun = Date.now();
      this.piece[this.filled++] = sample;
      if (this.filled < {PIECE}) continue;
      this.port.postMessage({{ at: this.begun, piece: this.piece.slice() }});
      this.filled = 0;
    }}
    return true;
  }}
}});
"""

_RECORD = """
async ([worklet, seconds]) => {
  const context = new AudioContext({ sampleRate: 48000 });
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: "text/javascript" })));
  const tap = async (stream) => {
    const node = new AudioWorkletNode(context, "tap", { channelCount: 1, channelCountMode: "explicit" });
    const pieces = [];
    node.port.onmessage = ({ data }) => pieces.push(data);
    context.createMediaStreamSource(stream).connect(node).connect(context.destination);
    await new Promise((done) => setTimeout(done, seconds * 1000));
    const all = new Uint8Array(pieces.length * 1920);
    pieces.forEach(({ piece }, number) => all.set(new Uint8Array(piece.buffer), number * 1920));
    let text = "";
    for (let at = 0; at < all.length; at += 32768) text += String.fromCharCode(...all.subarray(at, at + 32768));
    return { times: pieces.map(({ at }) => at), samples: btoa(text) };
  };
  const both = await Promise.all([tap(window.given.at(-1)), tap(window.received.at(-1))]);
  await context.close();
  return both;
}
"""


async def tap(page: Page, seconds: float) -> tuple[SoundHistory, SoundHistory]:
    """What a page with :data:`TAPS` says and what it hears from now on, with wall-clock times.

    Pages allow no scripts but their own: the context needs ``bypass_csp``.
    """
    said, heard = await page.evaluate(_RECORD, [_WORKLET, seconds])
    return _heard(said["times"], said["samples"]), _heard(heard["times"], heard["samples"])


def _heard(times: list[float], samples: str) -> SoundHistory:
    pieces = np.frombuffer(base64.b64decode(samples), np.dtype("<f4")).astype(np.float32).reshape(-1, PIECE)
    heard = SoundHistory()
    for at_ms, piece in zip(times, pieces, strict=True):
        heard.add(piece, at_ms / 1000)
    return heard
