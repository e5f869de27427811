"""The clock, as an argument: roles take a ``Clock`` and pass ``now`` into the cores."""

from __future__ import annotations

import time
from collections.abc import Callable

from stentor.base.units import UnixMs

Clock = Callable[[], float]
"""Returns wall-clock seconds since 1970 (UTC). The grid of a space is counted on it (see ``audio.grid``)."""


def wall() -> float:
    """Wall-clock seconds since 1970."""
    return time.time()


STEP_S = 0.5
"""By less the clock is corrected all the time; by more a chunk comes at another time than the last one said."""


class Steps:
    """Finds out that somebody set the wall clock, by comparing it with one that runs steadily. Pure; seconds."""

    def __init__(self, wall_s: float, steady_s: float) -> None:
        self._ahead_s = wall_s - steady_s

    def look(self, wall_s: float, steady_s: float) -> float:
        """By how much the clock was set since the last look (negative: back); 0.0 when by less than :data:`STEP_S`."""
        ahead_s = wall_s - steady_s
        by_s, self._ahead_s = ahead_s - self._ahead_s, ahead_s
        return by_s if abs(by_s) >= STEP_S else 0.0


SLEW = 0.05
"""So much faster or slower than time a slewed clock runs until it is right again: 2 s take 40 s."""
FAR_S = 30.0
"""Beyond this a slewed clock is set, too."""


class Slewed:
    """The wall clock without its steps, so that what several processes count in the same second stays in one: each sees
    a step at another moment, and in between their seconds differ. Pure; seconds.
    """

    def __init__(self) -> None:
        self._now_s = self._steady_s = 0.0

    def now(self, wall_s: float, steady_s: float) -> float:
        """What it shows where the wall clock shows ``wall_s``, and one that runs steadily ``steady_s``."""
        passed_s, self._steady_s = steady_s - self._steady_s, steady_s
        self._now_s += passed_s
        ahead_s, most_s = wall_s - self._now_s, SLEW * passed_s
        self._now_s += ahead_s if abs(ahead_s) > FAR_S else max(-most_s, min(most_s, ahead_s))
        return self._now_s


def unix_ms(now: float) -> UnixMs:
    """Seconds to whole milliseconds."""
    return UnixMs(round(now * 1000))
