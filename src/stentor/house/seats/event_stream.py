"""Who is talking, as server-sent events (HTML, 9.2) to the pages of the stage.

Each heartbeat of the stage goes out as it comes, five a second and one within 50 ms of a change. So the ring around a
talker lights within 300 ms of the word. The same stream tells hosts that something was written on the back channel
(event ``backstage``), and whoever keeps order among the comments that some came or went (event ``comments``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import suppress

import msgspec

from stentor.base.clock import Clock
from stentor.base.errors import Overloaded
from stentor.bus.status import Status, Statuses

SILENT_S = 1.0
"""How soon it is noticed that nothing is heard of a stage any more."""
LASTS_S = 60.0
"""A stream ends then and the page asks for the next: whoever was removed meanwhile gets none."""
MOST_STREAMS = 1000
"""Of one house; twenty full stages."""
RETRY_S = 5.0

News = Callable[[str], int]
"""A number that rises when there is something new about a space."""


class EventStreams:
    """The streams of all spaces. :meth:`changed` is called when a number of the news has risen."""

    def __init__(self, statuses: Statuses, news: Mapping[str, News], clock: Clock) -> None:
        self._statuses, self._news, self._clock = statuses, news, clock
        self._streams: dict[str, set[asyncio.Event]] = {}
        """By space; each stream waits for its own."""
        self._open = 0
        statuses.follow(self._heard)

    def changed(self, space: str) -> None:
        """There may be something to tell of a space."""
        for stream in self._streams.get(space, ()):
            stream.set()

    def follow(self, space: str, kinds: Collection[str]) -> AsyncIterator[bytes]:
        """Events of the stage of ``space``, and of the ``kinds`` of news; raises :class:`Overloaded` when too many look
        on."""
        if self._open >= MOST_STREAMS:
            raise Overloaded("Too many pages follow the stage; try again.", retry_after_s=RETRY_S)
        return self._events(space, kinds)

    def _heard(self, status: Status) -> None:
        if status.role == "stage":
            for space in self._streams.keys() & status.spaces.keys():
                self.changed(space)

    async def _events(self, space: str, kinds: Collection[str]) -> AsyncIterator[bytes]:
        self._open += 1
        wake = asyncio.Event()
        self._streams.setdefault(space, set()).add(wake)
        try:
            until = asyncio.get_running_loop().time() + LASTS_S
            told: object = None
            heard = {kind: self._news[kind](space) for kind in kinds}
            while asyncio.get_running_loop().time() < until:
                wake.clear()
                seats = self._statuses.seats(space, self._clock())
                if seats is not told and (seats or told != []):
                    told = seats
                    yield b"data: " + msgspec.json.encode(seats) + b"\n\n"
                for kind, before in heard.items():
                    if (now := self._news[kind](space)) != before:
                        heard[kind] = now
                        yield f"event: {kind}\ndata: {{}}\n\n".encode()
                with suppress(TimeoutError):
                    async with asyncio.timeout(SILENT_S):
                        await wake.wait()
        finally:
            self._open -= 1
            self._streams[space].discard(wake)
            if not self._streams[space]:
                del self._streams[space]
