"""Who is talking, as server-sent events (HTML, 9.2) to the pages of the stage: each heartbeat of the stage, five a
second and one within 50 ms of a change, goes out within 50 ms. So the ring around a talker lights within 300 ms of the
word. The same stream tells hosts that something was written on the back channel (event ``backstage``), and whoever
keeps order among the comments that some came or went (event ``comments``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping

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

News = Callable[[str], int]
"""A number that rises when there is something new about a space."""


class Talk:
    """The streams of all spaces."""

    def __init__(self, statuses: Statuses, news: Mapping[str, News], clock: Clock) -> None:
        self._statuses, self._news, self._clock = statuses, news, clock
        self._open = 0

    def follow(self, space: str, kinds: Collection[str]) -> AsyncIterator[bytes]:
        """Events of the stage of ``space``, and of the ``kinds`` of news; raises :class:`Overloaded` when too many look
        on."""
        if self._open >= MOST_STREAMS:
            raise Overloaded("Too many pages follow the stage; try again.", retry_after_s=RETRY_S)
        return self._events(space, kinds)

    async def _events(self, space: str, kinds: Collection[str]) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            until = asyncio.get_running_loop().time() + LASTS_S
            told: object = None
            heard = {kind: self._news[kind](space) for kind in kinds}
            while asyncio.get_running_loop().time() < until:
                seats = self._statuses.seats(space, self._clock())
                if seats is not told and (seats or told != []):
                    told = seats
                    yield b"data: " + msgspec.json.encode(seats) + b"\n\n"
                for kind, before in heard.items():
                    if (now := self._news[kind](space)) != before:
                        heard[kind] = now
                        yield f"event: {kind}\ndata: {{}}\n\n".encode()
                await asyncio.sleep(LOOK_S)
        finally:
            self._open -= 1
