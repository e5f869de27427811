"""Sound files as people have them: in every format that is read, and damaged in the ways that happen."""

from __future__ import annotations

import struct
from tempfile import NamedTemporaryFile
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from stentor.audio.pcm import Samples
from stentor.base.grid import SAMPLE_RATE_HZ


def tone(seconds: float = 1.0, hz: float = 440.0, amplitude: float = 0.4) -> Samples:
    """A sine at 48 kHz."""
    at = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def encoded(
    container: str, codec: str, *channels: Samples, rate: int = 48_000, layout: str = "", **options: str
) -> bytes:
    """A file with ``channels`` (at 48 kHz; a second of a tone if there are none) in FFmpeg's container and codec."""
    planes = np.stack(channels or (tone(),))
    layout = layout or {1: "mono", 2: "stereo"}[len(planes)]
    out = NamedTemporaryFile()  # noqa: SIM115 (some containers are read again while they are finished)
    with out, av.open(out.name, "w", format=container, options=options) as file:
        stream = cast("AudioStream", file.add_stream(codec, rate=rate))
        stream.codec_context.layout = layout
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(planes), format="fltp", layout=layout)
        frame.sample_rate = SAMPLE_RATE_HZ
        resampler = AudioResampler(
            format=stream.codec_context.format.name if stream.codec_context.format else "s16",
            layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or 1024,
        )  # fmt: skip
        for ready in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(ready))
        file.mux(stream.encode(None))
        file.close()
        return out.read()


def mp3(*channels: Samples, rate: int = 48_000) -> bytes:
    """An MP3 without a tag before it."""
    return encoded("mp3", "libmp3lame", *channels, rate=rate, id3v2_version="0")


def wav(*channels: Samples, size: int | None = None, extensible: bool = False) -> bytes:
    """A WAV of float samples, whose head says that the sound has ``size`` bytes."""
    planes = np.stack(channels or (tone(),))
    sound = np.ascontiguousarray(planes.T, dtype="<f4").tobytes()
    block = 4 * len(planes)
    form = struct.pack("<HHIIHH", 3, len(planes), 48_000, 48_000 * block, block, 32)
    if extensible:  # the kind of sample is in a GUID
        guid = struct.pack("<H", 3) + bytes.fromhex("000000001000800000aa00389b71")
        form = struct.pack("<H", 0xFFFE) + form[2:] + struct.pack("<HHI", 22, 32, 0) + guid
    data = b"data" + struct.pack("<I", len(sound) if size is None else size) + sound
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def id3(length: int) -> bytes:
    """An ID3 tag with so much in it, as a large cover picture makes it."""
    size = bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + size + b"\xff\xfb" * (length // 2) + bytes(length % 2)


def ape(length: int) -> bytes:
    """An APE tag as it stands at the end of a file."""
    ends = [
        b"APETAGEX" + struct.pack("<IIII", 2000, length + 32, 1, 0x8000_0000 | head) + bytes(8)
        for head in (0x2000_0000, 0)
    ]
    return ends[0] + b"x" * length + ends[1]


def flipped(data: bytes, at: float) -> bytes:
    """``data`` with 40 bytes turned over, so far (0 to 1) into it."""
    start = round(len(data) * at)
    return data[:start] + bytes(byte ^ 0x5A for byte in data[start : start + 40]) + data[start + 40 :]


def ogg_pages(data: bytes) -> list[int]:
    """Where the pages begin."""
    return [at for at in range(len(data)) if data[at : at + 5] == b"OggS\0"]


def without_length(webm: bytes) -> bytes:
    """As a browser's recorder writes it, which cannot go back to the head."""
    at = webm.index(b"\x18\x53\x80\x67") + 4
    return webm[:at] + b"\x01" + b"\xff" * 7 + webm[at + 8 :]
