"""The hold music that is shipped: a loop without a seam, and just what the composer renders."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from stentor.audio import music as shipped
from stentor.audio.hold import LOOP_SAMPLES
from stentor.audio.loudness import integrated_lufs
from stentor.audio.media import read_audio
from stentor.audio.pcm import Samples, from_int16, level_dbfs, peak_dbfs, to_int16
from tools import lofi


@cache
def music() -> Samples:
    return read_audio(shipped.FILE.read_bytes())


def test_twenty_bars_are_the_loop() -> None:
    """Beats, bars and chunks meet to the sample."""
    assert lofi.BARS * lofi.BEATS_PER_BAR * lofi.BEAT_SAMPLES == LOOP_SAMPLES
    assert music().shape == (LOOP_SAMPLES,)
    assert music().dtype == np.float32


def test_it_is_as_loud_as_it_should_be() -> None:
    """-20 LUFS, peaks below -3 dBFS, and never a second of silence."""
    assert integrated_lufs(music()) == pytest.approx(-20, abs=0.3)
    assert peak_dbfs(music()) < -3
    assert min(level_dbfs(second) for second in np.array_split(music(), 61)) > -35


def test_the_end_flows_into_the_beginning() -> None:
    """At the seam the wave is no steeper than in the music around it."""
    closed = np.concatenate((music()[-4800:], music()[:4800]))
    steps = np.abs(np.diff(closed))
    assert steps[4799] <= np.quantile(steps, 0.999)
    assert level_dbfs(music()[:240]) > -60


def test_the_file_is_what_the_composer_renders() -> None:
    """To one step of 16 bits, on any processor; another seed plays it a little differently."""
    rendered = lofi.render()
    assert np.max(np.abs(from_int16(to_int16(rendered)) - music())) <= 1 / 32768
    assert not np.array_equal(rendered, lofi.render(seed=2))
