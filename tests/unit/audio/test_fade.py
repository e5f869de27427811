"""Fades: level loudness, no clicks, whatever the moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio import fade


def test_equal_power_keeps_the_power() -> None:
    """The squares of both gains add up to one at every sample."""
    out, into = fade.equal_power(960)
    assert np.allclose(out**2 + into**2, 1, atol=1e-6)
    assert np.array_equal(out, into[::-1])


def test_linear_keeps_the_amplitude() -> None:
    """Both gains add up to one at every sample."""
    out, into = fade.linear(480)
    assert np.allclose(out + into, 1)


def test_a_ramp_ends_where_it_should() -> None:
    """The next block can start at the end's gain."""
    gains = fade.ramp(0.0, 1.0, 4)
    assert gains.tolist() == [0.25, 0.5, 0.75, 1.0]


def test_a_splice_begins_in_the_old_and_goes_on_in_the_new() -> None:
    """After the old sound's length only the new one is heard, and neither array is changed."""
    old, new = np.ones(240, dtype=np.float32), np.zeros(960, dtype=np.float32)
    joined = fade.splice(old, new)
    assert joined[0] == pytest.approx(1.0, abs=0.01)
    assert not joined[240:].any()
    assert not new.any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2000)), min_size=1, max_size=20))
def test_no_change_of_source_clicks(turns: list[tuple[str, int]]) -> None:
    """However often and at whatever moment the source flips, constant sources give no step."""
    levels = {"a": 0.5, "b": -0.5, "c": 0.25}
    fader = fade.Crossfader("a", fade_s=0.01)
    heard = [np.full(1, 0.5, dtype=np.float32)]
    for source, n in turns:
        fader.to(source)
        heard.append(fader.blend({name: np.full(n, level, dtype=np.float32) for name, level in levels.items()}, n))
    signal = np.concatenate(heard)
    assert signal.size < 2 or np.max(np.abs(np.diff(signal))) < 3 * 1.25 * (np.pi / 2) / 480
    assert fader.source == turns[-1][0]


def test_the_length_of_a_stretch_does_not_matter() -> None:
    """Blocks of 960 and one stretch of everything give the same samples."""
    sounds = {"a": np.ones(4800, dtype=np.float32), "b": np.full(4800, -1, dtype=np.float32)}
    whole, pieces = fade.Crossfader("a", 0.05), fade.Crossfader("a", 0.05)
    whole.to("b")
    pieces.to("b")
    once = whole.blend(sounds, 4800)
    parts = [pieces.blend({k: s[at : at + 960] for k, s in sounds.items()}, 960) for at in range(0, 4800, 960)]
    assert np.allclose(once, np.concatenate(parts), atol=1e-6)
    assert whole.audible == frozenset("b")
    assert np.array_equal(once[2400:], sounds["b"][2400:])


def test_uncorrelated_sources_keep_their_power_in_the_middle() -> None:
    """Noise to other noise: no dip, no bump."""
    noise = np.random.default_rng(1)
    sounds = {name: noise.standard_normal(48_000).astype(np.float32) for name in "ab"}
    fader = fade.Crossfader("a", 1.0)
    fader.to("b")
    mixed = fader.blend(sounds, 48_000)
    thirds = [float(np.std(part)) for part in np.split(mixed, 3)]
    assert thirds == pytest.approx([1, 1, 1], abs=0.03)


def test_a_missing_source_is_silence() -> None:
    """A source that gives nothing while it fades out is not an error."""
    fader = fade.Crossfader("a", 0.01)
    fader.to("b")
    assert fader.audible == frozenset("ab")
    assert not fader.blend({}, 960).any()
