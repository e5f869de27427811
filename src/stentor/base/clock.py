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


def unix_ms(now: float) -> UnixMs:
    """Seconds to whole milliseconds."""
    return UnixMs(round(now * 1000))
