"""One sound, played once."""

from __future__ import annotations

import numpy as np

from stentor.audio.playback import FADE_TICKS, Playback

TONE = (8000 * np.sin(2 * np.pi * 300 * np.arange(960 * 60 + 500) / 48_000)).astype(np.int16)
STEEPEST = 8000 / 32768 * 2 * np.pi * 300 / 48_000


def taken(playback: Playback, ticks: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.concatenate([playback.take() for _ in range(ticks)])


def test_every_sample_is_heard_as_it_was_recorded() -> None:
    """From the first to the last, and then silence."""
    playback = Playback(TONE)
    heard = taken(playback, 62)
    assert np.allclose(heard[: TONE.size], TONE / 32768, atol=1e-6)
    assert playback.over
    assert not heard[TONE.size :].any()


def test_stopping_and_turning_make_no_click() -> None:
    """A stop takes 0.3 s; a late start is faded in."""
    playback = Playback(TONE, start=5000)
    first = taken(playback, 20)
    playback.turn(0.5)
    second = taken(playback, 10)
    playback.stop()
    last = taken(playback, FADE_TICKS + 1)
    assert playback.over
    assert not last[-960:].any()
    assert np.abs(np.diff(np.concatenate((first, second, last)))).max() < 1.5 * STEEPEST
