"""Who is talking, as server-sent events (HTML, 9.2) to the pages of the stage: each heartbeat of the stage, five a
second, goes out within 50 ms. So the ring around a talker lights within 300 ms of the word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from stentor.base.clock import Clock
from stentor.base.errors import Overloaded
from stentor.bus.status import Statuses

LOOK_S = 0.05
LASTS_S = 60.0
"""A stream ends then and the page asks for the next: whoever was removed meanwhile gets none."""
MOST_STREAMS = 1000
"""Of one house; twenty full stages."""
RETRY_S = 5.0


class Talk:
    """The streams of all spaces."""

    def __init__(self, statuses: Statuses, clock: Clock) -> None:
        self._statuses, self._clock = statuses, clock
        self._open = 0

    def follow(self, space: str) -> AsyncIterator[bytes]:
        """Events of the seats on the stage of ``space``; raises :class:`Overloaded` when too many look on."""
        if self._open >= MOST_STREAMS:
            raise Overloaded("Too many pages follow the stage; try again.", retry_after_s=RETRY_S)
        return self._events(space)

    async def _events(self, space: str) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            until = asyncio.get_running_loop().time() + LASTS_S
            told: object = None
            while asyncio.get_running_loop().time() < until:
                seats = self._statuses.seats(space, self._clock())
                if seats is not told and (seats or told != []):
                    told = seats
                    yield b"data: " + msgspec.json.encode(seats) + b"\n\n"
                await asyncio.sleep(LOOK_S)
        finally:
            self._open -= 1
