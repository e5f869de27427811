"""PCM: blocks, 16 bits, levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.audio import pcm


@given(st.lists(st.integers(-32768, 32767), max_size=200))
def test_int16_survives_the_way_to_float_and_back(values: list[int]) -> None:
    """float32 holds every 16-bit value exactly."""
    data = np.array(values, dtype="<i2").tobytes()
    assert pcm.to_int16(pcm.from_int16(data)) == data


def test_beyond_full_scale_is_clipped_not_wrapped() -> None:
    """A sample of +1.5 is the largest value, never a negative one."""
    data = pcm.to_int16(np.array([1.5, -1.5, 1.0, -1.0], dtype=np.float32))
    assert np.frombuffer(data, "<i2").tolist() == [32767, -32768, 32767, -32768]


def test_an_odd_last_byte_is_ignored() -> None:
    """Half a sample is no sample."""
    assert pcm.from_int16(b"\x00\x40\x01").tolist() == [0.5]


def test_levels_are_relative_to_full_scale() -> None:
    """A full-scale sine has an RMS level of -3.01 dBFS and a peak of 0."""
    sine = np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert pcm.level_dbfs(sine) == pytest.approx(-3.01, abs=0.01)
    assert pcm.peak_dbfs(sine) == pytest.approx(0.0, abs=0.01)


def test_silence_measures_the_floor() -> None:
    """Nothing, and nothing at all, measure -96 dBFS and not minus infinity."""
    empty = np.zeros(0, dtype=np.float32)
    assert (
        pcm.level_dbfs(pcm.SILENCE)
        == pcm.peak_dbfs(pcm.SILENCE)
        == pcm.level_dbfs(empty)
        == pcm.peak_dbfs(empty)
        == -96
    )


def test_silence_cannot_be_changed() -> None:
    """The shared block of silence refuses to be written to."""
    with pytest.raises(ValueError, match="read-only"):
        pcm.SILENCE[0] = 1.0


def test_gain_of_db() -> None:
    """20 dB is a factor of ten."""
    assert pcm.gain_of_db(20) == pytest.approx(10)
    assert pcm.amplitude_dbfs(0.1) == pytest.approx(-20)
