"""How good a speaker's connection is, in one word: as bad as the worst of loss, jitter and delay."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LIMITS: Final = {"loss": (0.02, 0.08), "jitter_ms": (30.0, 100.0), "delay_ms": (250.0, 600.0)}
"""From the first number on a connection is fair, from the second poor.

In-band FEC mends single losses, so that 2 % are first heard; the jitter buffer takes 30 ms without more delay; from
250 ms people begin to talk into each other's sentences (ITU-T G.114). ``sound-check.js`` has the same numbers.
"""
STEADY_S: Final = 4.0
"""A measurement fades so fast: one bad second is no bad connection."""


class Quality(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


_ORDER = list(Quality)


def quality(**numbers: float) -> Quality:
    """The word for ``loss`` (share, 0 to 1), ``jitter_ms`` and ``delay_ms``."""
    return max((_of(LIMITS[name], value) for name, value in numbers.items()), key=_ORDER.index, default=Quality.GOOD)


def _of(limits: tuple[float, float], value: float) -> Quality:
    fair, poor = limits
    return Quality.POOR if value >= poor else Quality.FAIR if value >= fair else Quality.GOOD


class LineQuality:
    """A connection over time."""

    def __init__(self) -> None:
        self._steady = dict.fromkeys(LIMITS, 0.0)

    def note(self, elapsed_s: float, **numbers: float) -> None:
        """Takes in what was measured ``elapsed_s`` after the last time; names as in :func:`quality`."""
        weight = min(1.0, elapsed_s / STEADY_S)
        for name, value in numbers.items():
            self._steady[name] += weight * (value - self._steady[name])

    @property
    def quality(self) -> Quality:
        return quality(**self._steady)
