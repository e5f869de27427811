"""The seam between two renditions, judged by what a decoder makes of it."""

from __future__ import annotations

from functools import cache

import av
import numpy as np
import pytest

from stentor.audio.encoder import AAC_DELAY_SAMPLES, ProgrammeEncoder
from stentor.audio.pcm import Samples
from stentor.base.grid import AAC_FRAME_SAMPLES, CHUNK_SAMPLES
from stentor.base.rendition import BY_NAME
from stentor.wire import aac, adts
from tests.support.speech import voice

CHUNKS = 80
RUN_UP, AFTER = 6, 4
"""Frames decoded before and after a seam."""
MASKED_DB = 1.5
"""Noise in the seam's 21 ms above that of the noisier rendition there; a click was 8 to 17 dB."""


@cache
def speech() -> Samples:
    return np.ascontiguousarray(voice("reader")[: CHUNKS * CHUNK_SAMPLES])


@cache
def encoded(name: str) -> list[bytes]:
    """All frames of the speech in one rendition."""
    encoder = ProgrammeEncoder(BY_NAME[name])
    return [frame for chunk in speech().reshape(CHUNKS, -1) for frame in encoder.encode(chunk)]


def decoded(frames: list[bytes]) -> Samples:
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    packets = [av.Packet(adts.pack([frame])) for frame in frames]
    return np.concatenate([found.to_ndarray()[0] for packet in packets for found in decoder.decode(packet)])


def noise(frames: list[bytes], at: int) -> float:
    """Power of what is not speech in the block of frame ``at``, decoded with some frames before it."""
    heard = decoded(frames[at - RUN_UP : at + AFTER])[RUN_UP * AAC_FRAME_SAMPLES :][:AAC_FRAME_SAMPLES]
    start = at * AAC_FRAME_SAMPLES - AAC_DELAY_SAMPLES
    return float(np.sum((heard - speech()[start : start + AAC_FRAME_SAMPLES]) ** 2)) + 1e-6


@pytest.mark.parametrize(("before", "after"), [("aac-64", "aac-32"), ("aac-32", "aac-64")])
def test_a_seam_that_fits_is_not_heard(before: str, after: str) -> None:
    """At the end of every chunk whose windows agree, the seam is as clean as the noisier of both renditions there."""
    one, other = encoded(before), encoded(after)
    seams = [at for at in range(45, len(one) - AFTER, 15) if aac.may_follow(one[at - 1], other[at - 1])]
    assert len(seams) > 0.95 * (CHUNKS - 4)
    for at in seams:
        worse = max(noise(one, at), noise(other, at))
        assert noise(one[:at] + other[at:], at) < worse * 10 ** (MASKED_DB / 10), f"a click before frame {at}"


def test_a_seam_that_does_not_fit_clicks() -> None:
    """Where the windows differ, the aliasing of both frames stays: that is why they are looked at."""
    one, other = encoded("aac-64"), encoded("aac-32")
    clicks = [
        noise(one[:at] + other[at:], at) / max(noise(one, at), noise(other, at))
        for at in range(45, len(one) - AFTER)
        if not aac.may_follow(one[at - 1], other[at - 1])
    ]
    assert max(clicks) > 10


def test_what_is_no_mono_frame_has_no_seam() -> None:
    """Padding in front is passed over; nothing, a stereo element and padding without end never fit."""
    frame = encoded("aac-64")[100]
    assert aac.may_follow(frame, padded(frame, 3))
    assert aac.may_follow(padded(frame, 20), frame)
    for other in (b"", bytes([0x20]) + frame[1:], padded(frame, 200), b"\xdf\xff" * 40):
        assert not aac.may_follow(other, other)


def padded(frame: bytes, count: int) -> bytes:
    """The frame behind a fill element of ``count`` bytes."""
    head = f"110{count:04b}" if count < 15 else f"1101111{count - 14:08b}"
    bits = head + "10100101" * count + f"{int.from_bytes(frame):0{8 * len(frame)}b}"
    return int(bits + "0" * (-len(bits) % 8), 2).to_bytes((len(bits) + 7) // 8)
