"""The record of what was heard."""

from __future__ import annotations

import numpy as np

from stentor.client.history import SoundHistory


def _ones(count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.ones(count, dtype=np.float32)


def test_every_sample_has_the_time_of_its_piece() -> None:
    """A sample was heard when its piece arrived, or as it is played."""
    heard = SoundHistory()
    heard.add(_ones(480), 10.0)
    heard.add(_ones(480), 20.0)
    arrived, played = heard.clock(), heard.clock(flowing=True)
    assert [arrived(0), arrived(479), arrived(480), arrived(959)] == [10.0, 10.0, 20.0, 20.0]
    assert played(240) == 10.005
    assert heard.samples().size == 960


def test_only_the_newest_is_kept() -> None:
    """A record that is full loses its oldest piece, and its clock moves along."""
    heard = SoundHistory(keep_s=1.0)
    for number in range(10):
        heard.add(_ones(12_000) * number, float(number))
    assert heard.seconds == 1.0
    assert heard.samples()[0] == 6.0
    assert heard.clock()(0) == 6.0


def test_nothing_is_kept_when_nobody_wants_it() -> None:
    """Keeping 0 seconds keeps nothing."""
    heard = SoundHistory(keep_s=0.0)
    heard.add(_ones(960), 1.0)
    assert heard.samples().size == 0
