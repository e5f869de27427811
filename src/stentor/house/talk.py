"""Who is talking, as server-sent events (HTML, 9.2) to the pages of the stage: each heartbeat of the stage, five a
second, goes out within 50 ms. So the ring around a talker lights within 300 ms of the word. To hosts the same stream
tells that something was written on the back channel (event ``backstage``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from stentor.base.clock import Clock
from stentor.base.errors import Overloaded
from stentor.bus.status import Statuses
from stentor.house.backstage import Backstage

LOOK_S = 0.05
LASTS_S = 60.0
"""A stream ends then and the page asks for the next: whoever was removed meanwhile gets none."""
MOST_STREAMS = 1000
"""Of one house; twenty full stages."""
RETRY_S = 5.0


class Talk:
    """The streams of all spaces."""

    def __init__(self, statuses: Statuses, backstage: Backstage, clock: Clock) -> None:
        self._statuses, self._backstage, self._clock = statuses, backstage, clock
        self._open = 0

    def follow(self, space: str, *, backstage: bool) -> AsyncIterator[bytes]:
        """Events of the stage of ``space``, with ``backstage`` also those; raises :class:`Overloaded` when too many
        look on."""
        if self._open >= MOST_STREAMS:
            raise Overloaded("Too many pages follow the stage; try again.", retry_after_s=RETRY_S)
        return self._events(space, backstage)

    async def _events(self, space: str, backstage: bool) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            until = asyncio.get_running_loop().time() + LASTS_S
            told: object = None
            heard = self._backstage.news(space)
            while asyncio.get_running_loop().time() < until:
                seats = self._statuses.seats(space, self._clock())
                if seats is not told and (seats or told != []):
                    told = seats
                    yield b"data: " + msgspec.json.encode(seats) + b"\n\n"
                if backstage and heard != self._backstage.news(space):
                    heard = self._backstage.news(space)
                    yield b"event: backstage\ndata: {}\n\n"
                await asyncio.sleep(LOOK_S)
        finally:
            self._open -= 1
