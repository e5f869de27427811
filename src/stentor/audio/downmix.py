"""Any number of channels to one: what is heard in them is heard in it, also where one of two is inverted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stentor.audio.pcm import Samples

WINDOW_SAMPLES: Final = 4800
"""A tenth of a second: so often it is looked whether two channels cancel each other out."""
CANCELLED: Final = 0.03
"""Two unrelated channels keep half of their power in their mean; less than 3 % is left when one is the other inverted,
as a microphone cable with crossed wires makes it."""
# ITU-R BS.775: the middle 3 dB down, what is behind the listener 3 dB below the front, no effects of below 120 Hz
_WEIGHTS: Final = {"FC": 0.707, "LFE": 0.0, "LFE2": 0.0}
_BEHIND: Final = 0.354
_USUAL: Final = ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")
"""Where channels stand in a WAV that does not say it (Microsoft's order), of six and more."""


class Downmix:
    """Blocks of planes in, one channel out. ``names`` are FFmpeg's of the channels, which say where they stand.

    Two channels give their mean: FFmpeg's own down-mix makes a voice in both of them 3 dB louder.
    """

    def __init__(self, names: Sequence[str]) -> None:
        if len(names) in (6, 8) and set(names) == {"NONE"}:
            names = _USUAL[: len(names)]
        self._others = np.array([_WEIGHTS.get(name, _BEHIND) for name in names[2:]], dtype=np.float32)
        self._mixed: list[Samples] = []
        self._left: list[Samples] = []
        self._right: list[Samples] = []

    def add(self, planes: NDArray[Any]) -> int:
        """Takes the next samples, shape (channels, n); returns n. What is not a number becomes silence."""
        planes = np.clip(np.nan_to_num(planes, nan=0.0, posinf=0.0, neginf=0.0), -4.0, 4.0).astype(
            np.float32, copy=False
        )
        if len(planes) == 1:
            self._mixed.append(planes[0])
        else:
            self._left.append(planes[0])
            self._right.append(planes[1])
            if self._others.any():
                self._mixed.append(self._others @ planes[2:])
        return int(planes.shape[1])

    def finish(self) -> Samples:
        """All that was added as one channel."""
        mixed = np.concatenate(self._mixed) if self._mixed else np.float32(0)
        if not self._left:
            return np.asarray(mixed) if self._mixed else np.zeros(0, dtype=np.float32)
        joined: Samples = _pair(np.concatenate(self._left), np.concatenate(self._right)) + mixed
        return joined


def _pair(left: Samples, right: Samples) -> Samples:
    """The mean of two channels; where they cancel each other out, the first alone, with fades of a window."""
    mean: Samples = (left + right) * np.float32(0.5)
    starts = np.arange(0, mean.size, WINDOW_SAMPLES)
    there = np.add.reduceat(left * left + right * right, starts) / 2
    cancelled = np.add.reduceat(mean * mean, starts) < CANCELLED * there
    if not cancelled.any():
        return mean
    share = np.interp(np.arange(mean.size), starts + WINDOW_SAMPLES / 2, cancelled.astype(np.float64))
    return mean + share.astype(np.float32) * (left - mean)
