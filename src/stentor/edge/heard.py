"""Spaces with a broadcast delay: what hosts do reaches the pages when it is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.spaces import delay
from stentor.spaces.model import Space

ROUNDING_S: Final = 0.001


class HeardSpaces:
    """:meth:`take` hands a space over as its audience may know it, and again whenever that changes."""

    def __init__(self, clock: Clock, update: Callable[[Space], None]) -> None:
        self._clock, self._update = clock, update
        self._due: dict[str, asyncio.TimerHandle] = {}

    def take(self, space: Space) -> None:
        """A space as it stands on the board now."""
        self.forget(space.id)
        now_ms = unix_ms(self._clock())
        self._update(delay.as_heard(space, now_ms))
        at_ms = delay.changes_ms(space, now_ms)
        if at_ms is not None:
            wait_s = (at_ms - now_ms) / 1000 + ROUNDING_S
            self._due[space.id] = asyncio.get_running_loop().call_later(wait_s, self.take, space)

    def forget(self, space: str) -> None:
        """The space has left the board, or a newer state of it came."""
        if due := self._due.pop(space, None):
            due.cancel()
