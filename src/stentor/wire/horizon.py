"""Which numbers a reader takes: those of the past, of now, and of up to 30 s ahead of its own clock. Pure.

Numbers are computed from clocks, so a number from far ahead says that a clock is wrong: the sender's, or, when most of
what comes is far ahead, one's own. Either way it is refused. What is behind is normal: that is catching up.
"""

from __future__ import annotations

from collections import deque
from typing import Final

AHEAD_S: Final = 30.0
"""Clocks that are kept by NTP differ by milliseconds, by hand by seconds."""
LATELY: Final = 16
"""So many of the newest messages tell whose clock is wrong: five seconds of one space."""
CLOCK_WRONG: Final = "Most of what comes is far ahead of this machine's clock: set the clock (NTP)."


def ahead(at_s: float, now: float) -> bool:
    """Whether what is due at ``at_s`` is too far ahead of ``now`` to be true (both in wall-clock seconds)."""
    return at_s > now + AHEAD_S


class Horizon:
    """What one process refuses, and what that says of its own clock."""

    def __init__(self) -> None:
        self.refused = 0
        self._lately: deque[bool] = deque(maxlen=LATELY)

    def admits(self, at_s: float, now: float) -> bool:
        """Whether to take what is due at ``at_s``; counts what is refused."""
        return self.takes(not ahead(at_s, now))

    def takes(self, fits: bool) -> bool:
        """The same for what was judged elsewhere."""
        self.refused += not fits
        self._lately.append(not fits)
        return fits

    @property
    def clock_wrong(self) -> bool:
        """Most of the newest messages were far ahead."""
        return len(self._lately) == LATELY and 2 * sum(self._lately) > LATELY
