"""Shorter and longer voices, without a click."""

from __future__ import annotations

import numpy as np
import pytest

from stentor.audio import timescale
from stentor.audio.pcm import Samples
from tests.support.speech import voice

TONE = (0.5 * np.sin(2 * np.pi * 200 * np.arange(1920) / 48_000)).astype(np.float32)
STEEPEST = 0.5 * 2 * np.pi * 200 / 48_000


def steepest(samples: Samples) -> float:
    return float(np.max(np.abs(np.diff(samples))))


def test_one_period_of_a_tone_is_left_out() -> None:
    """What is removed is whole periods (240 samples), and no step is left."""
    result = timescale.shorten(TONE, 960)
    assert result.removed > 0
    assert result.removed % 240 == pytest.approx(0, abs=4)
    assert result.samples.size == 1920 - result.removed
    assert steepest(result.samples) < 1.2 * STEEPEST


def test_one_period_of_a_tone_is_repeated() -> None:
    """What is added is whole periods, and no step is left."""
    result = timescale.lengthen(TONE[:960], 480)
    assert result.removed < 0
    assert result.samples.size == 960 - result.removed
    assert steepest(result.samples) < 1.2 * STEEPEST


def test_noise_is_spliced_only_by_force() -> None:
    """No two stretches of noise are alike; when there is no other way, the best place is taken."""
    noise = np.random.default_rng(3).standard_normal(1920).astype(np.float32)
    assert timescale.shorten(noise, 960).removed == 0
    assert timescale.lengthen(noise, 480).removed == 0
    assert timescale.shorten(noise, 960, force=True).removed > 0


def test_silence_gives_way_as_far_as_asked() -> None:
    """In silence any length can go."""
    assert timescale.shorten(np.zeros(1920, dtype=np.float32), 960).removed == 960


def test_too_little_sound_is_left_alone() -> None:
    """Without room for a period and its overlap nothing is changed."""
    assert timescale.shorten(TONE[:500], 100).removed == 0
    assert timescale.shorten(TONE[:500], 480).removed == 0


def test_speech_finds_its_places() -> None:
    """In real speech at least every third 40 ms can be shortened unheard."""
    speech = voice("reader")[:480_000]
    places = [timescale.shorten(speech[at : at + 1920], 960).removed > 0 for at in range(0, 478_000, 1920)]
    assert np.mean(places) > 0.33


@pytest.mark.parametrize("longest", [958, 959, 960, 961])
def test_no_more_is_left_out_than_may_be(longest: int) -> None:
    """Also where the search's steps of four samples would reach beyond: what remains is enough for the crossfade."""
    samples = np.linspace(-0.5, 0.5, longest + timescale.OVERLAP_SAMPLES, dtype=np.float32)
    samples[-timescale.OVERLAP_SAMPLES :] = samples[: timescale.OVERLAP_SAMPLES]  # alike only at the very end
    assert timescale.shorten(samples, longest, force=True).removed <= longest
