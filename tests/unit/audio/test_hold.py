"""The hold loop: the same chunk everywhere, from any file, seamless."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio import hold
from stentor.audio.loudness import integrated_lufs
from stentor.audio.media import StreamDecoder
from stentor.audio.pcm import Samples, from_int16, level_dbfs
from stentor.base.errors import BadInput, Malformed
from stentor.base.grid import CHUNK_SAMPLES, HOLD_CHUNKS
from stentor.base.rendition import RENDITIONS
from tests.support.speech import voice


def hum(seconds: float) -> Samples:
    at = np.arange(int(seconds * 48_000)) / 48_000
    return (0.2 * np.sin(2 * np.pi * 220 * at) * (1 + 0.3 * np.sin(2 * np.pi * 0.7 * at))).astype(np.float32)


@cache
def loop() -> hold.HoldLoop:
    return hold.build(hold.fit_loop(voice("reader")), "A reader")


def test_every_tick_and_chunk_has_its_place() -> None:
    """Chunk c plays chunk c % 192 of the loop, as PCM and in every rendition; ticks agree with chunks."""
    whole = from_int16(loop().pcm)
    for chunk in (0, 5, 191, 192, 100_000):
        at = chunk % HOLD_CHUNKS
        assert np.array_equal(loop().chunk_pcm(chunk), whole[at * CHUNK_SAMPLES : (at + 1) * CHUNK_SAMPLES])
        ticks = [loop().block(chunk * 16 + tick) for tick in range(16)]
        assert np.array_equal(np.concatenate(ticks), loop().chunk_pcm(chunk))
        assert loop().chunk_frames(chunk) == {name: chunks[at] for name, chunks in loop().frames.items()}


def test_it_survives_the_store() -> None:
    """What is decoded is what was encoded."""
    assert hold.decode(hold.encode(loop())) == loop()


@pytest.mark.parametrize(
    "change",
    [
        {"pcm": b"\x00\x00"},
        {"label": "x" * 201},
        {"frames": {}},
        {"frames": {rendition.name: [[b"x"]] for rendition in RENDITIONS}},
        {"frames": {r.name: [[b""] * r.frames_per_chunk] * HOLD_CHUNKS for r in RENDITIONS}},
    ],
)
def test_a_loop_that_is_not_whole_is_malformed(change: dict[str, object]) -> None:
    """Every length is checked before anybody plays it."""
    broken = msgspec.structs.replace(loop(), **change)
    with pytest.raises(Malformed):
        hold.decode(hold.encode(broken))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_malformed(data: bytes) -> None:
    """Never another error."""
    with pytest.raises(Malformed):
        hold.decode(data)


def test_an_enormous_object_is_refused_unread() -> None:
    """The limit comes first."""
    with pytest.raises(Malformed, match="limit"):
        hold.decode(bytes(hold.MAX_LOOP_BYTES + 1))


@pytest.mark.parametrize("seconds", [5.0, 13.7, 30.0, 61.44, 61.5, 75.0, 130.0])
def test_any_length_becomes_a_seamless_loop(seconds: float) -> None:
    """Cut or repeated: 61.44 s, -20 LUFS, no step at the seam, no hole anywhere."""
    fitted = hold.fit_loop(hum(seconds))
    assert fitted.shape == (hold.LOOP_SAMPLES,)
    assert integrated_lufs(fitted) == pytest.approx(-20, abs=0.5)
    closed = np.concatenate((fitted[-480:], fitted[:480]))
    assert np.max(np.abs(np.diff(closed))) < 0.02
    assert min(level_dbfs(piece) for piece in np.split(fitted, HOLD_CHUNKS)) > -45


def test_a_loud_peak_is_limited_not_clipped() -> None:
    """A click of full scale in quiet music stays within ±0.97."""
    music = hum(70) * np.float32(0.02)
    music[100_000] = 1.0
    assert np.max(np.abs(hold.fit_loop(music))) <= 0.97


@pytest.mark.parametrize("samples", [hum(2), np.zeros(480_000, dtype=np.float32)])
def test_too_short_and_silent_files_are_refused(samples: Samples) -> None:
    """With a sentence for the host."""
    with pytest.raises(BadInput):
        hold.fit_loop(samples)


def test_a_loop_has_its_length_and_a_title_its_limit() -> None:
    """build() is strict."""
    with pytest.raises(ValueError, match="samples"):
        hold.build(hum(5), "short")
    with pytest.raises(BadInput):
        hold.build(np.zeros(hold.LOOP_SAMPLES, dtype=np.float32), "x" * 201)


def test_silence_is_whole_and_silent() -> None:
    """A gap's chunk has every rendition's frames and nothing to hear."""
    silence = hold.silent_chunk()
    for rendition in RENDITIONS:
        frames = silence[rendition.name]
        assert len(frames) == rendition.frames_per_chunk
        config = bytes.fromhex("1188") if rendition.codec == "aac" else b""
        decoder = StreamDecoder(rendition.codec, config)
        assert max(level_dbfs(decoder.decode(frame)) for frame in frames) < -80
