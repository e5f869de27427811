"""A limiter that looks 5 ms ahead: its output never goes beyond the ceiling, and its gain never jumps."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from stentor.audio.pcm import Block, Samples
from stentor.base.grid import TICK_SAMPLES

CEILING: Final = 0.97
"""-0.26 dBFS. What a lossy codec adds to a peak at this height, its decoder clips unheard."""
LOOKAHEAD_SAMPLES: Final = 240

_AIM = 0.9695  # below the ceiling by more than float32 can round
_RELEASE = 10.0 ** (0.1 / 20.0)
"""0.1 dB every 5 ms: 20 dB a second."""


_RISE: Final = (np.arange(1, LOOKAHEAD_SAMPLES + 1, dtype=np.float32) / LOOKAHEAD_SAMPLES)[np.newaxis, :]


@cache
def _ones(size: int) -> Samples:
    """Read-only, for everybody."""
    ones = np.ones(size, dtype=np.float32)
    ones.flags.writeable = False
    return ones


class Limiter:
    """Works in steps of 5 ms, with a gain that runs in a straight line from one border between two steps to the next.

    At a border it is no higher than either step allows: nowhere is it too high, and no sample is looked at alone.
    """

    def __init__(self) -> None:
        self._border = 1.0
        self._allowed = 1.0
        self._tail: Samples = np.zeros(LOOKAHEAD_SAMPLES, dtype=np.float32)

    def curve(self, peaks: Samples) -> Samples:
        """The gains, read-only, for the samples *5 ms before* those whose magnitudes are ``peaks``, some steps of 5 ms.

        Several signals can share one curve: let ``peaks`` be the largest magnitude of all of them.
        """
        highest = np.maximum.reduce(peaks.reshape(-1, LOOKAHEAD_SAMPLES), axis=1)
        if self._border == self._allowed == 1.0 and not (highest > _AIM).any():
            return _ones(peaks.size)
        borders = [self._border]
        for peak in highest.tolist():
            following = min(1.0, _AIM / peak) if peak > _AIM else 1.0
            border = min(self._allowed, following, self._border * _RELEASE)
            borders.append(border)
            self._border, self._allowed = border, following
        at = np.array(borders, dtype=np.float32)[:, np.newaxis]
        curve: Samples = np.add(at[:-1], (at[1:] - at[:-1]) * _RISE, dtype=np.float32).reshape(-1)
        return curve

    def process(self, block: Block) -> Block:
        """One signal, limited and 5 ms later; a new array of 960 samples, none beyond ±0.97."""
        delayed = np.concatenate((self._tail, block))
        self._tail = delayed[TICK_SAMPLES:]
        return delayed[:TICK_SAMPLES] * self.curve(np.abs(block))
