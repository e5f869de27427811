"""What a player would do with sound that arrives so: when it starts, how much it holds, when it stalls. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

START_S: Final = 0.5
"""Sound that a player wants to hold before it starts, and again after a stall: browsers take 0.1 to 1 s."""
MAX_STALLS: Final = 1000
"""So many stalls are listed; all are in ``stalled_s``."""


class Stall(msgspec.Struct, frozen=True):
    """The player had nothing to play: when (seconds of sound played before), and for how long."""

    at_s: float
    length_s: float


class Player:
    """Plays at speed 1.0 from the moment that ``start_s`` seconds are there, and stops when nothing is left.

    Times are seconds of one clock, given in order.
    """

    def __init__(self, start_s: float = START_S) -> None:
        self.started_at: float | None = None
        self.stalls: list[Stall] = []
        self.stalled_s = 0.0
        self._start_s = start_s
        self._received_s = 0.0
        self._played_s = 0.0
        self._now = 0.0
        self._stalled_at: float | None = None

    def arrived(self, seconds: float, now: float) -> None:
        """``seconds`` more sound is there at ``now``."""
        self.advance(now)
        self._received_s += seconds
        if self.buffer_s < self._start_s:
            return
        if self.started_at is None:
            self.started_at = now
        elif self._stalled_at is not None:
            self._end_stall(now)

    def advance(self, now: float) -> None:
        """Plays on until ``now``."""
        passed, self._now = max(0.0, now - self._now), now
        if self.started_at is None or self._stalled_at is not None:
            return
        left = self.buffer_s
        self._played_s += min(passed, left)
        if passed > left:
            self._stalled_at = now - (passed - left)

    @property
    def playing(self) -> bool:
        return self.started_at is not None and self._stalled_at is None

    @property
    def buffer_s(self) -> float:
        """Seconds of sound that are there and not yet played, as of the last call."""
        return self._received_s - self._played_s

    def finish(self, now: float, *, ended: bool) -> None:
        """Nothing more comes. When the sound itself has ``ended``, playing to its end is no stall."""
        self.advance(now)
        if self._stalled_at is not None and not ended:
            self._end_stall(now)

    def _end_stall(self, now: float) -> None:
        since, self._stalled_at = self._stalled_at, None
        if since is None:
            return
        self.stalled_s += now - since
        if len(self.stalls) < MAX_STALLS:
            self.stalls.append(Stall(self._played_s, now - since))
