"""Finding stretches of silence, in a whole signal or as it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from stentor.audio.pcm import Samples, gain_of_db
from stentor.base.grid import SAMPLE_RATE_HZ

STEP_SAMPLES: Final = 480
"""10 ms: the grain of the search. One period of 100 Hz, so that a zero crossing is no silence."""
MAX_SILENCES: Final = 1000
"""So many stretches are listed; later ones are only counted."""


class Silence(msgspec.Struct, frozen=True):
    """A stretch of silence: where it begins in the signal, and how long it is."""

    at_s: float
    length_s: float
    at_edge: bool = False
    """Whether it touches the beginning or the end of the signal."""


@dataclass
class SilenceFinder:
    """Finds stretches whose RMS level stays under ``floor_dbfs`` for ``least_s`` or longer, as the signal arrives."""

    floor_dbfs: float = -60.0
    least_s: float = 0.5

    def __post_init__(self) -> None:
        self.found: list[Silence] = []
        self.total_s = 0.0
        self._rest = np.zeros(0, dtype=np.float32)
        self._steps = 0
        self._since: int | None = None
        self._power = gain_of_db(self.floor_dbfs) ** 2

    def add(self, samples: Samples) -> None:
        """Takes the next samples; not changed."""
        joined = np.concatenate((self._rest, samples))
        whole = joined.size // STEP_SAMPLES
        self._rest = joined[whole * STEP_SAMPLES :].copy()
        steps = joined[: whole * STEP_SAMPLES].reshape(whole, STEP_SAMPLES)
        quiet = np.mean(np.square(steps, dtype=np.float64), axis=1) < self._power
        changes = np.flatnonzero(np.diff(quiet, prepend=self._since is not None))
        for change in changes.tolist():
            if quiet[change]:
                self._since = self._steps + change
            else:
                self._close(self._steps + change, at_edge=False)
        self._steps += whole

    def finish(self) -> list[Silence]:
        """Ends the signal; all stretches, oldest first."""
        self._close(self._steps, at_edge=True)
        return self.found

    def _close(self, step: int, *, at_edge: bool) -> None:
        since, self._since = self._since, None
        if since is None:
            return
        seconds = STEP_SAMPLES / SAMPLE_RATE_HZ
        if (step - since) * seconds < self.least_s:
            return
        self.total_s += (step - since) * seconds
        if len(self.found) < MAX_SILENCES:
            self.found.append(Silence(since * seconds, (step - since) * seconds, at_edge or since == 0))


def silences(samples: Samples, *, floor_dbfs: float = -60.0, least_s: float = 0.5) -> list[Silence]:
    """All stretches of a whole signal whose RMS level stays under ``floor_dbfs`` for ``least_s`` or longer."""
    finder = SilenceFinder(floor_dbfs, least_s)
    finder.add(samples)
    return finder.finish()
