"""Whether a known voice is in a signal: real voices through real codecs, and voices that are not there."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.media import StreamDecoder
from stentor.audio.opus import OpusDecoder, OpusEncoder
from stentor.audio.pcm import Samples
from stentor.base.errors import BadInput
from stentor.base.grid import CHUNK_SAMPLES, TICK_SAMPLES
from stentor.base.rendition import BY_NAME, Codec
from stentor.wire.mp4 import AAC_CONFIG
from tests.support.match import correlation, mouth_to_ear
from tests.support.sound import NOT_THERE, assert_heard, assert_not_heard, loudness_difference_lu, voice

SAID_S = 8
"""Seconds of the reader that are looked for."""


def _over_webrtc(samples: Samples) -> Samples:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    blocks = samples[: samples.size // TICK_SAMPLES * TICK_SAMPLES].reshape(-1, TICK_SAMPLES)
    return np.concatenate([decoder.decode(encoder.encode(block)) for block in blocks])


def _as_heard(samples: Samples, rendition: str) -> Samples:
    """The way of a spoken word: Opus to the stage, then the rendition to the audience."""
    encoder = ProgrammeEncoder(BY_NAME[rendition])
    spoken = _over_webrtc(samples)
    chunks = spoken[: spoken.size // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    frames = [frame for chunk in chunks for frame in encoder.encode(chunk)]
    if encoder.rendition.codec is Codec.OPUS:
        opus = OpusDecoder()
        return np.concatenate([opus.decode(frame) for frame in frames])
    aac = StreamDecoder("aac", AAC_CONFIG)
    return np.concatenate([aac.decode(frame) for frame in frames])


@cache
def _reader_on_air() -> Samples:
    return _as_heard(voice("reader"), "aac-64")


@pytest.mark.parametrize("rendition", ["aac-64", "aac-32", "opus-24"])
def test_a_voice_is_found_after_two_codecs(rendition: str) -> None:
    """The voice is there after Opus and any rendition, somewhere in the middle, quieter, among music."""
    said = voice("reader")[: SAID_S * 48_000]
    music = (0.05 * np.sin(np.arange(96_000, dtype=np.float32) * np.float32(0.03))).astype(np.float32)
    heard = np.concatenate((music, _as_heard(said, rendition) * np.float32(0.4), music))
    match = assert_heard(said, heard)
    assert match.found
    assert match.offset_samples == pytest.approx(96_000, abs=3000), "after the music, and the codecs' delay"


def test_a_gain_that_changes_costs_nothing() -> None:
    """A leveller's slow changes of gain over 20 dB leave the voice what it is."""
    said, heard = voice("reader"), _reader_on_air()
    swing = np.exp(1.15 * np.sin(np.arange(heard.size) / 48_000 * 0.8)).astype(np.float32)
    assert_heard(said, heard * swing)


def test_a_jitter_buffer_that_shifts_sound_costs_nothing() -> None:
    """Leaving out and repeating 20 ms moves what follows; every window finds its own place."""
    heard = _reader_on_air()
    moved = np.concatenate((heard[:240_000], heard[240_960:480_000], heard[479_040:]))
    assert_heard(voice("reader"), moved)


@pytest.mark.parametrize("first_s", [2.0, 7.3, 15.0])
def test_a_listener_who_comes_late_still_hears_the_voice(first_s: float) -> None:
    """Five seconds from anywhere are enough, and the offset says what was missed."""
    start = round(first_s * 48_000)
    match = assert_heard(voice("reader"), _reader_on_air()[start : start + 5 * 48_000])
    assert match.offset_samples == pytest.approx(-start, abs=3000)
    assert match.compared_s == pytest.approx(5.0, abs=0.2)


def test_another_voice_is_not_there() -> None:
    """Two different voices do not match, in either order, nor do different words of the same one, noise or silence."""
    reader, cards = voice("reader"), voice("cards")
    noise = np.random.default_rng(1).normal(0, 0.05, 480_000).astype(np.float32)
    assert_not_heard(cards, _reader_on_air())
    assert_not_heard(reader, _over_webrtc(cards))
    assert_not_heard(reader[: SAID_S * 48_000], _reader_on_air()[12 * 48_000 :])
    assert_not_heard(reader, reader[::-1].copy())
    assert_not_heard(reader, noise)
    assert correlation(reader, np.zeros(480_000, dtype=np.float32)).score == 0.0
    assert_not_heard(cards[: 2 * 48_000], _reader_on_air())


def test_a_voice_that_is_half_missing_is_not_found() -> None:
    """Losing every second second brings the score down to about a half."""
    heard = _reader_on_air().copy()
    for start in range(0, heard.size, 96_000):
        heard[start : start + 48_000] = 0
    assert NOT_THERE < correlation(voice("reader"), heard).score < 0.8


def test_loudness_is_compared_in_lu() -> None:
    """Half the amplitude is 6 LU less."""
    assert loudness_difference_lu(voice("reader"), voice("reader") * np.float32(0.5)) == pytest.approx(-6.02, abs=0.05)


def test_mouth_to_ear_is_the_time_between() -> None:
    """The delay is arrival less speech, codec delay included, and whole laps of a looping speaker are taken off."""
    said = voice("reader")[: SAID_S * 48_000]
    heard = np.concatenate((np.zeros(4800, dtype=np.float32), _over_webrtc(said)))
    delay = mouth_to_ear(
        said,
        lambda sample: 1000.0 + sample / 48_000,
        heard,
        lambda sample: 1000.25 + 3 * 30.0 + sample / 48_000,
        lap_s=30,
    )
    assert delay.median_s == pytest.approx(0.25 + 0.1 + 312 / 48_000, abs=0.002)
    assert delay.most_s - delay.least_s < 0.005
    with pytest.raises(BadInput, match="not in what was heard"):
        mouth_to_ear(voice("cards"), float, heard, float)


@pytest.mark.parametrize(("reference", "heard"), [(1000, 480_000), (480_000, 1000)])
def test_too_little_sound_is_refused(reference: int, heard: int) -> None:
    """Half a second of both is needed, and a reference with sound in it."""
    with pytest.raises(BadInput, match="half a second"):
        correlation(voice("reader")[:reference], voice("reader")[:heard])
    with pytest.raises(BadInput, match="silent reference"):
        correlation(np.zeros(48_000, dtype=np.float32), voice("reader"))
