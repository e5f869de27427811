"""Loudness as ears judge it (ITU-R BS.1770-4), and the levelling of speakers toward one loudness.

Gating: BS.1770-4, annex 1 (400 ms blocks, 75 % overlap, -70 LUFS absolute, -10 LU relative); the filter is in
``weighting``.
"""

from __future__ import annotations

from math import log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stentor.audio.weighting import KWeighting
from stentor.base.grid import TICK_S, TICK_SAMPLES

SPEECH_LUFS: Final = -16.0
"""What speakers are levelled to: the loudness podcasts are made for (AES TD1008: speech on headphones and phones)."""
SILENT_LUFS: Final = -120.0
"""Given for sound in which no block passes the gate."""
MIN_GAIN_DB: Final = -12.0
MAX_GAIN_DB: Final = 18.0
"""More would lift the room's noise to where a quiet voice should be."""

_OFFSET = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_GATE = 10.0 ** (_RELATIVE_GATE_LU / 10.0)
_BLOCK_SAMPLES = 19_200
_STEP_SAMPLES = 4_800
_BLOCK_TICKS, _STEP_TICKS = _BLOCK_SAMPLES // TICK_SAMPLES, _STEP_SAMPLES // TICK_SAMPLES

_FAST_SHARE = 0.1
"""Of each tick in the short-term energy: 0.2 s, about half of the block that BS.1770 gates on."""
_MEMORY_TICKS = 300
"""The speaker's loudness is the mean of the last 6 s of speech."""
_EARLY_TICKS = 50
_UNSURE_TICKS = 75
_UNSURE_GAIN_DB = 6.0
"""Until 1.5 s of speech were heard: what was taken for a quiet voice may turn out to be a fan (see ``voice``)."""
_UP_DB = 4.0 * TICK_S
_DOWN_DB = 10.0 * TICK_S
_EARLY_DB = 24.0 * TICK_S
"""In a speaker's first second of speech the gain may move fast: nobody knows yet how loud the voice is."""


def lufs(mean_square: float) -> float:
    """The loudness of a mean square of K-weighted samples (summed over the channels)."""
    return _OFFSET + 10.0 * float(np.log10(mean_square)) if mean_square > 1e-12 else SILENT_LUFS


def integrated_lufs(samples: NDArray[np.float32]) -> float:
    """Gated loudness of a whole sound at 48 kHz: shape ``(n,)`` mono, or ``(n, 2)`` left and right.

    :data:`SILENT_LUFS` for silence and for less than 0.4 s.
    """
    channels = samples.reshape(samples.shape[0], -1).T
    squares = (KWeighting(channels.shape[0]).filter(channels) ** 2).sum(axis=0)
    sums = np.concatenate(([0.0], np.cumsum(squares)))
    starts = np.arange(0, squares.size - _BLOCK_SAMPLES + 1, _STEP_SAMPLES)
    return _gated((sums[starts + _BLOCK_SAMPLES] - sums[starts]) / _BLOCK_SAMPLES)


def gated_lufs(energies: NDArray[np.float32]) -> float:
    """The same of a sound of which the mean square of each tick is known, K-weighted: shape ``(ticks,)``."""
    sums = np.concatenate(([0.0], np.cumsum(energies, dtype=np.float64)))
    starts = np.arange(0, energies.size - _BLOCK_TICKS + 1, _STEP_TICKS)
    return _gated((sums[starts + _BLOCK_TICKS] - sums[starts]) / _BLOCK_TICKS)


def tick_energies(filtered: NDArray[np.float64]) -> NDArray[np.float32]:
    """The mean square of each tick of K-weighted samples, whole ticks: shape ``(n,)``."""
    blocks = filtered.reshape(-1, TICK_SAMPLES)
    energies: NDArray[np.float32] = (np.einsum("ij,ij->i", blocks, blocks) / TICK_SAMPLES).astype(np.float32)
    return energies


def mean_square(loudness_lufs: float) -> float:
    """The mean square of K-weighted samples that has this loudness."""
    return float(10.0 ** ((loudness_lufs - _OFFSET) / 10.0))


def _gated(blocks: NDArray[np.float64]) -> float:
    """Of blocks of 0.4 s, ten a second (BS.1770-4, annex 1, 5)."""
    blocks = blocks[blocks > mean_square(_ABSOLUTE_GATE_LUFS)]
    if not blocks.size:
        return SILENT_LUFS
    gate = mean_square(lufs(float(blocks.mean())) + _RELATIVE_GATE_LU)
    return lufs(float(blocks[blocks > gate].mean()))


class Leveller:
    """Finds for one speaker the gain toward :data:`SPEECH_LUFS`.

    Slow (4 dB/s up, 10 dB/s down, faster in the first second of speech), and only while there is speech: silence,
    noise and pauses neither raise nor lower anything. It gives gains, not samples: whoever applies them goes from one
    to the next in a ramp over the tick, so there is no click.
    """

    def __init__(self) -> None:
        self._fast = self._energy = 0.0
        self._heard_ticks = 0
        self._gain_db = 0.0

    def update(self, mean_square: float, speech: bool) -> float:
        """The gain in dB after one more tick: its K-weighted mean square, and whether there was speech in it."""
        self._fast += _FAST_SHARE * (mean_square - self._fast)
        if not speech or self._fast <= self._energy * _GATE:
            return self._gain_db
        self._heard_ticks += 1
        self._energy += (self._fast - self._energy) / min(max(self._heard_ticks, 5), _MEMORY_TICKS)
        highest = _UNSURE_GAIN_DB if self._heard_ticks < _UNSURE_TICKS else MAX_GAIN_DB
        wanted = SPEECH_LUFS - _OFFSET - 10.0 * log10(max(self._energy, 1e-12))
        up, down = (_EARLY_DB, _EARLY_DB) if self._heard_ticks < _EARLY_TICKS else (_UP_DB, _DOWN_DB)
        self._gain_db += min(max(min(max(wanted, MIN_GAIN_DB), highest) - self._gain_db, -down), up)
        return self._gain_db
