"""Encoded sound for tests of the wire, and a look at what libav makes of our bytes."""

from __future__ import annotations

import io
from functools import cache
from typing import Any, NamedTuple

import av
import av.logging
import numpy as np
from numpy.typing import NDArray

from stentor.base.rendition import BY_NAME, Codec, Rendition

AAC, OPUS = BY_NAME["aac-64"], BY_NAME["opus-24"]


@cache
def frames(rendition: Rendition, chunks: int) -> list[list[bytes]]:
    """Raw frames of a soft 440 Hz tone that swells, per chunk (15 or 16 each)."""
    name = "aac" if rendition.codec is Codec.AAC else "libopus"
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.bit_rate = 48_000, av.AudioLayout("mono"), rendition.bitrate_bps
    encoder.format = av.AudioFormat("flt" if name == "libopus" else "fltp")
    want = chunks * rendition.frames_per_chunk
    packets: list[bytes] = []
    position = 0
    while len(packets) < want:
        t = np.arange(position, position + rendition.frame_samples) / 48_000
        block = (0.2 * np.sin(2 * np.pi * 440 * t) * (1 + np.sin(2 * np.pi * t)) / 2).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(block[None, :], format=encoder.format.name, layout="mono")
        frame.sample_rate, frame.pts = 48_000, position
        position += rendition.frame_samples
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    per = rendition.frames_per_chunk
    return [packets[at : at + per] for at in range(0, want, per)]


class Probe(NamedTuple):
    """What libav saw: codec, duration in seconds as the container says it (0 = unknown), samples, times, complaints."""

    codec: str
    duration_s: float
    samples: NDArray[np.float32]
    first_s: float
    packets: int
    warnings: list[str]


class _Pipe:
    """Bytes that cannot be sought, as a live stream's cannot."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(size)


def probe(data: bytes, format_name: str | None = None, *, live: bool = False, seek_s: float | None = None) -> Probe:
    """Open, demux and decode ``data`` whole with libav, keeping every message of level "warning" or worse.

    ``live``: the bytes come as from a socket; otherwise as a file that can be sought.
    """
    source: Any = _Pipe(data) if live else io.BytesIO(data)
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as complaints, av.open(source, "r", format=format_name) as container:
            stream = container.streams.audio[0]
            if seek_s is not None:
                container.seek(int(seek_s * 1_000_000), backward=True)
            blocks: list[NDArray[np.float32]] = []
            first: float | None = None
            packets = 0
            for packet in container.demux(stream):
                packets += packet.size > 0
                for frame in packet.decode():
                    assert isinstance(frame, av.AudioFrame)
                    first = frame.time if first is None else first
                    blocks.append(np.ravel(frame.to_ndarray()).astype(np.float32))
            duration = container.duration or 0
            found = Probe(
                stream.codec_context.name,
                duration / 1_000_000,
                np.concatenate(blocks) if blocks else np.zeros(0, np.float32),
                first or 0.0,
                packets,
                [f"{name}: {text.strip()}" for number, name, text in complaints if number <= av.logging.WARNING],
            )
    finally:
        av.logging.set_level(level)
    return found
