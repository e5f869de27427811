"""Which ticks to make, by the clock: none before its time, each once, and none that nobody can use any more."""

from __future__ import annotations

from typing import Final

from stentor.base import grid
from stentor.base.clock import Clock

CATCH_UP_TICKS: Final = 10
"""So many ticks that were slept through are made up for, 0.2 s; older ones are skipped, nobody can use them."""
CLOCK_SET_BACK_TICKS: Final = 50
"""When the clock shows so much less than before it was set back: count anew instead of waiting for it."""


class TickClock:
    """Of one room. Ticks may be made several ``together``, as many as one of the bus's messages carries."""

    def __init__(self, clock: Clock, origin: float) -> None:
        self.origin = origin
        """When tick 0 begins (wall clock, seconds)."""
        self.next = 0
        """The tick that is made next."""
        self.running = False
        self.before = 0
        """Ticks that are over since the first origin and not counted from this one: with them numbers go on evenly."""
        self.skipped = 0
        """Ticks that were not made because the process was held up too long."""
        self._clock = clock

    def begin(self) -> None:
        """Ticks are made from now on."""
        self.next, self.running = self.due, True

    def rest(self) -> None:
        """No ticks are made until :meth:`begin`."""
        self.running = False

    def move(self, origin: float) -> None:
        """Ticks are counted from another origin, and go on in the same rhythm, to 10 ms: each lies on the new grid."""
        following = grid.tick_at(grid.tick_start(self.next, self.origin) + grid.TICK_S / 2, origin)
        self.before += self.next - following
        self.next, self.origin = following, origin

    @property
    def due(self) -> int:
        """The tick that begins now."""
        return grid.tick_at(self._clock(), self.origin)

    def numbers(self, together: int = 1) -> range:
        """The ticks to make now: none too early, and of those slept through the last :data:`CATCH_UP_TICKS`."""
        if not self.running:
            return range(0)
        first, due = self.next, self.due
        if first - due > CLOCK_SET_BACK_TICKS:
            first = due
        most = CATCH_UP_TICKS + together - 1
        if due - first >= most:
            self.skipped += due + 1 - most - first
            first = due + 1 - most
        self.next = max(first, due + 1)
        return range(first, due + 1)

    def age_s(self, number: int, together: int = 1) -> float:
        """How long ago tick ``number`` was due, as far as it can be made up for."""
        age_s = self._clock() - grid.tick_start(number, self.origin)
        return min((CATCH_UP_TICKS + together) * grid.TICK_S, max(0.0, age_s))

    def wait_s(self, together: int = 1) -> float:
        """Seconds until the next ticks are to be made; no more than they last, for the clock may be set back."""
        last = self.next // together * together + together - 1
        return min(together * grid.TICK_S, max(0.0, grid.tick_start(last, self.origin) - self._clock()))
