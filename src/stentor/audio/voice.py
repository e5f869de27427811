"""Who is talking: speech against the noise of each speaker's own room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

ATTACK_TICKS: Final = 2
"""40 ms above the threshold make a talker: a knock on the table does not."""
HANG_TICKS: Final = 15
"""0.3 s: the pause between words is not the end of talking."""

NOISE_TICKS: Final = 75
"""1.5 s: longer than a breath group without any pause, short enough to follow a fan that is switched on."""

_LEAST_DB = -55.0
_ABOVE_NOISE_DB = 9.0
_ALWAYS_DB = -34.0
"""So loud is never room noise: music on a stage must not sink into a floor that follows it."""
_LOWEST_FLOOR_DB = -65.0


class Voices(NamedTuple):
    """What one tick says of each speaker."""

    speech: NDArray[np.bool_]
    """This tick stands out of the speaker's noise."""
    talking: NDArray[np.bool_]
    """With attack and hang: what the audience is shown."""
    open: NDArray[np.bool_]
    """Speech now or within the hang: nothing of a word may be turned down, not even its first 20 ms."""


class TalkDetector:
    """For ``channels`` speakers at once. A room's noise is the quietest tick of the last 1.5 s.

    Speech falls to the noise between words several times in such a window; a fan does not.
    """

    def __init__(self, channels: int = 0) -> None:
        self._levels_db = np.full((NOISE_TICKS, channels), _LOWEST_FLOOR_DB)
        self._at = 0
        self._run = np.zeros(channels)
        self._open = np.zeros(channels)
        self._talking = np.zeros(channels)

    def rearrange(self, order: Sequence[int]) -> None:
        """Makes old channel ``order[i]`` channel ``i``; -1 is a new speaker, taken to sit in a quiet room at first."""
        picked = list(order)
        fresh = np.full((NOISE_TICKS, 1), _LOWEST_FLOOR_DB)
        self._levels_db = np.hstack((self._levels_db, fresh))[:, picked]
        columns = np.stack((self._run, self._open, self._talking))
        self._run, self._open, self._talking = np.hstack((columns, np.zeros((3, 1))))[:, picked]

    def update(self, levels_db: NDArray[np.float64]) -> Voices:
        """Takes in the (K-weighted) levels of one tick in dB."""
        floor_db = self._levels_db.min(axis=0)
        self._levels_db[self._at] = np.maximum(levels_db, _LOWEST_FLOOR_DB)
        self._at = (self._at + 1) % NOISE_TICKS
        speech = levels_db > np.maximum(_LEAST_DB, floor_db + _ABOVE_NOISE_DB)
        sounding = speech | (levels_db > _ALWAYS_DB)
        self._run = np.where(sounding, self._run + 1, 0)
        self._open = np.where(sounding, HANG_TICKS, np.maximum(self._open - 1, 0))
        self._talking = np.where(self._run >= ATTACK_TICKS, HANG_TICKS, np.maximum(self._talking - 1, 0))
        return Voices(speech, self._talking > 0, self._open > 0)
