"""One sound that is played once, block by block: begun at once, turned and stopped without a click."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stentor.audio.pcm import Block
from stentor.base.grid import TICK_SAMPLES

FADE_TICKS: Final = 15
"""From full to silent in 0.3 s."""
_RISE: Final = (np.arange(1, TICK_SAMPLES + 1, dtype=np.float32) / TICK_SAMPLES).astype(np.float32)
_FULL_SCALE: Final = np.float32(1 / 32768)

Pcm = NDArray[np.int16]


class Playback:
    """Plays ``pcm`` (mono, 48 kHz; shared, not copied) from sample ``start`` on with a factor ``gain`` of 0 to 1.

    From the first sample on it is as loud as it was recorded; whatever starts further in is faded in.
    """

    def __init__(self, pcm: Pcm, *, start: int = 0, gain: float = 1.0) -> None:
        self._pcm, self._at = pcm, max(0, start)
        self._target = gain
        self._gain = 0.0 if start > 0 else gain
        self._stopped = False

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self._at >= self._pcm.size or (self._stopped and self._gain == 0.0)

    def turn(self, gain: float) -> None:
        """Goes to another gain, the whole way in 0.3 s."""
        self._target = gain

    def stop(self) -> None:
        """Fades out and ends."""
        self._stopped, self._target = True, 0.0

    def take(self) -> Block:
        """The next 960 samples; after the end they are silent."""
        block = np.zeros(TICK_SAMPLES, dtype=np.float32)
        piece = self._pcm[self._at : self._at + TICK_SAMPLES]
        block[: piece.size] = piece
        self._at += TICK_SAMPLES
        step = 1.0 / FADE_TICKS
        gain = self._gain + min(step, max(-step, self._target - self._gain))
        gain = 0.0 if gain < step / 2 and self._target == 0.0 else gain
        block *= _FULL_SCALE * (np.float32(self._gain) + np.float32(gain - self._gain) * _RISE)
        self._gain = gain
        return block
