"""What is odd about the sound of a seat, while there is still time to say so: silent, clipping, echoing."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np

from stentor.audio.crosstalk import EchoDetector
from stentor.audio.pcm import SILENCE, Block
from stentor.base.grid import TICK_S

SILENT_S: Final = 20.0
"""Longer than one waits for a word; an open microphone that nobody uses only adds its room."""
OFF_PEAK: Final = 10 ** (-85 / 20)
"""An open microphone has noise of its own above this; below is digital silence: switched off, or muted in the page."""
CLIPPED: Final = 0.95
"""Flat tops lose a little of their height on the way through Opus."""
CLIPPING_SHARE: Final = 0.003
"""Of the last 3 s. Real voices that touch full scale and are not cut reach 0.0006; cut by 6 dB they have 0.0036."""
_KEPT_PER_TICK: Final = 1 - TICK_S / 3.0


class Oddity(StrEnum):
    """Keys of the sentences."""

    SILENT = "silent"
    """The microphone is open, and nobody has spoken into it for a while."""
    OFF = "off"
    """The microphone gives no sound at all."""
    CLIPPING = "clipping"
    ECHO = "echo"


class SoundWatch:
    """Of one seat; :meth:`hear` once a tick."""

    def __init__(self) -> None:
        self._quiet_s = 0.0
        self._off_s = 0.0
        self._clipped = 0.0
        self._judged = False
        self._echo = EchoDetector()

    def hear(self, block: Block | None, others: Block, *, talking: bool, muted: bool) -> None:
        """Takes in a tick: the seat's sound as it came, and the others' sum. None is no sound.

        A seat that a host has muted, or that sends nothing, is not judged.
        """
        self._judged = block is not None and not muted
        if block is None or muted:
            self._quiet_s = self._off_s = self._clipped = 0.0
            self._echo.hear(SILENCE, others)
            return
        sizes = np.abs(block)
        peak = float(np.maximum.reduce(sizes))  # max() takes twice as long for so few
        self._quiet_s = 0.0 if talking else self._quiet_s + TICK_S
        self._off_s = self._off_s + TICK_S if peak < OFF_PEAK else 0.0
        clipped = float((sizes >= CLIPPED).mean()) if peak >= CLIPPED else 0.0
        self._clipped = self._clipped * _KEPT_PER_TICK + clipped * (1 - _KEPT_PER_TICK)
        self._echo.hear(block, others)

    @property
    def oddities(self) -> list[Oddity]:
        """What should be said of the seat now."""
        found = []
        if self._off_s >= SILENT_S:
            found.append(Oddity.OFF)
        elif self._quiet_s >= SILENT_S:
            found.append(Oddity.SILENT)
        if self._clipped >= CLIPPING_SHARE:
            found.append(Oddity.CLIPPING)
        if self._echo.echoing and self._judged:
            found.append(Oddity.ECHO)
        return found
