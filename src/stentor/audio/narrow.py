"""From 48 kHz to 16 kHz: what recognisers of speech hear."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stentor.audio.pcm import Samples

STEP: Final = 3
_TAPS: Final = 48
"""1 ms long. 57 dB of what would fold back is gone at 10 kHz, less than speech has there."""
_EDGE: Final = 7200 / 48_000
_ROW: Final = 32
"""Samples that one row of a matrix product gives; of what it reads a third is read by the row before it, too."""


@cache
def _lowpass() -> Samples:
    """A windowed sinc (Blackman), its sum 1."""
    at = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(2 * _EDGE * at) * np.blackman(_TAPS)
    lowpass: Samples = (taps / taps.sum()).astype(np.float32)
    return lowpass


@cache
def _matrix() -> NDArray[np.float32]:
    """The filter once for each sample of a row, one beside the other: ``(141, 32)``."""
    matrix = np.zeros((_TAPS + STEP * (_ROW - 1), _ROW), dtype=np.float32)
    for place in range(_ROW):
        matrix[STEP * place : STEP * place + _TAPS, place] = _lowpass()
    return matrix


class Narrower:
    """One stream of sound, piece by piece: every third sample of what is below 7 kHz, half a millisecond late."""

    def __init__(self) -> None:
        self._before = np.zeros(_TAPS - 1, dtype=np.float32)

    def narrow(self, samples: Samples) -> Samples:
        """A third as many samples; raises ValueError when they are not a multiple of three. 0.02 ms for a chunk."""
        if samples.size % STEP:
            raise ValueError(f"{samples.size} samples are not a multiple of {STEP}")
        whole = np.concatenate((self._before, samples))
        self._before = whole[samples.size :]
        count = samples.size // STEP
        rows = -(-count // _ROW)
        filled = np.append(whole, np.zeros((rows * _ROW - count) * STEP, dtype=np.float32))
        windows = np.lib.stride_tricks.sliding_window_view(filled, len(_matrix()))[:: STEP * _ROW]
        narrowed: Samples = np.matmul(np.ascontiguousarray(windows), _matrix()).reshape(-1)[:count]
        return narrowed
