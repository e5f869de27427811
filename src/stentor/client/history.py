"""What was heard, with the time of each piece: a bounded record for measuring and for tests."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

import numpy as np

from stentor.audio.pcm import Samples
from stentor.base.grid import SAMPLE_RATE_HZ


class SoundHistory:
    """The newest ``keep_s`` seconds of a signal (float32 mono, 48 kHz), piece by piece with its wall-clock time.

    What the time means is the writer's choice: when a packet arrived, or when a player would play it. When full the
    oldest piece goes; sample 0 is always the oldest one kept.
    """

    def __init__(self, keep_s: float = 120.0) -> None:
        self._limit = round(keep_s * SAMPLE_RATE_HZ)
        self._pieces: deque[tuple[float, Samples]] = deque()
        self._length = 0

    def add(self, samples: Samples, at: float) -> None:
        """Takes the next piece, whose first sample was heard at ``at``; keeps a reference to ``samples``."""
        if samples.size == 0 or self._limit == 0:
            return
        self._pieces.append((at, samples))
        self._length += samples.size
        while self._length > self._limit and len(self._pieces) > 1:
            self._length -= self._pieces.popleft()[1].size

    @property
    def seconds(self) -> float:
        return self._length / SAMPLE_RATE_HZ

    def samples(self) -> Samples:
        """All that is kept, as one array (a copy)."""
        if not self._pieces:
            return np.zeros(0, dtype=np.float32)
        return np.concatenate([samples for _, samples in self._pieces])

    def clock(self, *, flowing: bool = False) -> ClockOfSamples:
        """The clock of what is kept now; later pieces are not in it.

        With ``flowing`` time goes on inside a piece (it is played), without it a piece is heard at once (it arrived).
        """
        return ClockOfSamples([at for at, _ in self._pieces], [piece.size for _, piece in self._pieces], flowing)


class ClockOfSamples:
    """Gives the wall-clock seconds of each sample of a :class:`SoundHistory`."""

    def __init__(self, times: list[float], sizes: list[int], flowing: bool) -> None:
        self._times, self._flowing = times, flowing
        self._starts = [0, *np.cumsum(sizes).tolist()][: len(sizes)]

    def __call__(self, sample: int) -> float:
        """Wall-clock seconds of ``sample``; IndexError when nothing is kept."""
        index = max(0, bisect_right(self._starts, sample) - 1)
        inside = (sample - self._starts[index]) / SAMPLE_RATE_HZ if self._flowing else 0.0
        return float(self._times[index] + inside)
