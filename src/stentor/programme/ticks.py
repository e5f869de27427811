"""The stage's ticks on their way into chunks: sorted, without doubles, and never more than a few seconds of them."""

from __future__ import annotations

from typing import Final

from stentor.base import grid
from stentor.wire.horizon import Horizon
from stentor.wire.tick import Tick

AHEAD_TICKS: Final = 250
"""Ticks further than 5 s in the future come from a wrong clock."""


class TickWindow:
    """Ticks from chunk ``next_chunk`` on; pure. What is too late or too early is dropped and counted.

    With a broadcast delay a tick belongs to the chunk ``delay`` later: the window is the delay line.
    """

    def __init__(self, next_chunk: int, delay: int = 0) -> None:
        self.next_chunk = next_chunk
        self._delay_ticks = delay * grid.TICKS_PER_CHUNK
        self.late = 0
        self.horizon = Horizon()
        """Counts what is too early."""
        self._ticks: dict[int, Tick] = {}

    def put(self, tick: Tick) -> bool:
        """Keeps a tick for its chunk; True when that chunk is whole with it. The first of two equals counts."""
        first = self.next_chunk * grid.TICKS_PER_CHUNK
        if not self.horizon.takes(tick.number < first + AHEAD_TICKS):
            return False
        number = tick.number + self._delay_ticks
        if number < first:
            self.late += 1
            return False
        self._ticks.setdefault(number, tick)
        return self.complete(number // grid.TICKS_PER_CHUNK)

    def complete(self, chunk: int) -> bool:
        """All 16 ticks of the chunk are here."""
        return all(number in self._ticks for number in reversed(_numbers(chunk)))  # the last one lacks most often

    def take(self, chunk: int) -> list[Tick | None]:
        """The 16 ticks of ``chunk``, None for those that did not come; everything up to it is forgotten."""
        ticks = [self._ticks.get(number) for number in _numbers(chunk)]
        self.next_chunk = max(self.next_chunk, chunk + 1)
        first = self.next_chunk * grid.TICKS_PER_CHUNK
        self._ticks = {number: tick for number, tick in self._ticks.items() if number >= first}
        return ticks


def _numbers(chunk: int) -> range:
    return range(chunk * grid.TICKS_PER_CHUNK, (chunk + 1) * grid.TICKS_PER_CHUNK)
