"""The limiter: never beyond its ceiling, never a jump."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio.limiter import CEILING, LOOKAHEAD_SAMPLES, Limiter
from stentor.audio.pcm import Samples
from tests.support.speech import voice


def limited(signal: Samples) -> Samples:
    limiter = Limiter()
    return np.concatenate([limiter.process(signal[at : at + 960]) for at in range(0, signal.size, 960)])


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0, 20), min_size=8, max_size=8), st.booleans())
def test_no_sample_is_beyond_the_ceiling(seed: int, loudness: list[float], spikes: bool) -> None:
    """Noise of any loudness, changing at any moment, with single spikes: |x| <= 0.97 always."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(960 * 8).astype(np.float32)
    if spikes:
        signal *= rng.random(signal.size) < 0.002
    signal *= np.roll(np.repeat(np.array(loudness, dtype=np.float32), 960), int(rng.integers(0, 960)))
    assert np.max(np.abs(limited(signal))) <= CEILING


def test_what_fits_is_only_delayed() -> None:
    """Below the ceiling nothing is touched."""
    signal = voice("reader")[: 960 * 50]
    heard = limited(signal)
    assert np.array_equal(heard[LOOKAHEAD_SAMPLES:], signal[:-LOOKAHEAD_SAMPLES])


def test_the_gain_has_no_steps() -> None:
    """A sudden +12 dB in a steady signal is met by a ramp of 5 ms, and let go slowly."""
    signal = np.concatenate((np.full(9600, 0.5), np.full(4800, 3.9), np.full(9600, 0.5))).astype(np.float32)
    limiter = Limiter()
    curve = np.concatenate([limiter.curve(np.abs(signal[at : at + 960])) for at in range(0, signal.size, 960)])
    assert np.max(np.abs(np.diff(curve))) < 1.1 * 0.76 / LOOKAHEAD_SAMPLES
    assert curve.min() == pytest.approx(0.9695 / 3.9, rel=1e-4)
    rise = 20 * np.log10(curve[-1] / curve.min())
    assert rise == pytest.approx(20 * (9600 - 240) / 48_000, abs=0.3)
