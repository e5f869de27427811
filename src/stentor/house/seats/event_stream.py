"""All that the pages of the stage show, as server-sent events (HTML, 9.2).

Each heartbeat of the stage goes out as it comes, five a second and one within 50 ms of a change. So the ring around a
talker lights within 300 ms of the word. The space as its person sees it (event ``view``) and, for hosts, the line of
those who ask to speak (``requests``) come first and whenever they change. The same stream tells hosts that something
was written on the back channel (``backstage``), and whoever keeps order among the comments that some came or went
(``comments``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial

import msgspec
from msgspec.structs import replace

from stentor.base.clock import Clock
from stentor.base.errors import Overloaded, StentorError
from stentor.bus.status import SeatStatus, Status, Statuses
from stentor.house.seats.schema import RequestList
from stentor.house.spaces.schema import SpaceView

LOOK_S = 1.0
"""How soon it is noticed what another house changed, and that nothing is heard of a stage any more. A stream says
something as often: a page takes one that is silent for lost."""
LASTS_S = 60.0
"""A stream ends then and the page asks for the next: whoever was removed meanwhile gets none."""
MOST_STREAMS = 1000
"""Of one house; twenty full stages."""
RETRY_S = 5.0
ALIVE = b":\n\n"
"""A comment, which says only that the stream lives."""

News = Callable[[str], int]
"""A number that rises when there is something new about a space."""
Show = Callable[[], Awaitable[tuple[SpaceView, RequestList | None]]]
"""Gives what a page shows now; raises for who may look on no more."""


class EventStreams:
    """The streams of all spaces. :meth:`changed` is called when a number of the news has risen or a space changed."""

    def __init__(self, statuses: Statuses, news: Mapping[str, News], clock: Clock) -> None:
        self._statuses, self._news, self._clock = statuses, news, clock
        self._streams: dict[str, set[_Stream]] = {}
        self._open = 0
        statuses.follow(self._heard)

    def changed(self, space: str) -> None:
        """There may be something to tell of a space."""
        for stream in self._streams.get(space, ()):
            stream.stale = True
            stream.wake.set()

    def follow(self, space: str, kinds: Collection[str], show: Show) -> AsyncIterator[bytes]:
        """Events of the stage of ``space``, of what ``show`` gives and of the ``kinds`` of news; raises
        :class:`Overloaded` when too many look on."""
        if self._open >= MOST_STREAMS:
            raise Overloaded("Too many pages follow the stage; try again.", retry_after_s=RETRY_S)
        news = {kind: partial(self._news[kind], space) for kind in kinds}
        return self._events(space, _Stream(lambda: self._statuses.seats(space, self._clock()), show, news))

    def _heard(self, status: Status) -> None:
        if status.role == "stage":
            for space in self._streams.keys() & status.spaces.keys():
                for stream in self._streams[space]:
                    stream.wake.set()

    async def _events(self, space: str, stream: _Stream) -> AsyncIterator[bytes]:
        self._open += 1
        self._streams.setdefault(space, set()).add(stream)
        until = asyncio.get_running_loop().time() + LASTS_S
        try:
            while asyncio.get_running_loop().time() < until:
                stream.wake.clear()
                yield await stream.news() or ALIVE
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await stream.wake.wait()
        except StentorError:
            pass  # the page asks for the next stream, and the answer to that says why it gets none
        finally:
            self._open -= 1
            self._streams[space].discard(stream)
            if not self._streams[space]:
                del self._streams[space]


class _Stream:
    """What one page was told, and what is new to it."""

    def __init__(self, seats: Callable[[], Sequence[SeatStatus]], show: Show, counts: Mapping[str, Callable[[], int]]):
        self.wake = asyncio.Event()
        self.stale = True
        """Something else has changed than how the seats sound."""
        self._looked_s = 0.0
        self._seats, self._show, self._counts = seats, show, counts
        self._sounding: Sequence[SeatStatus] = []
        self._shown: dict[str, object] = {}
        self._counted = {kind: count() for kind, count in counts.items()}

    async def news(self) -> bytes:
        """The events since the last time; raises what ``show`` raises."""
        events = b""
        if (seats := self._seats()) is not self._sounding and (seats or self._sounding):
            self._sounding = seats
            events += _event("", seats)
        now_s = asyncio.get_running_loop().time()
        if self.stale or now_s - self._looked_s >= LOOK_S:
            self.stale, self._looked_s = False, now_s
            view, line = await self._show()
            events += self._change("view", view, _steady(view)) + self._change("requests", line, line)
        for kind, count in self._counts.items():
            if (counted := count()) != self._counted[kind]:
                self._counted[kind] = counted
                events += _event(kind, {})
        return events

    def _change(self, kind: str, document: object, steady: object) -> bytes:
        """An event when ``steady`` is another than that of the last one."""
        if self._shown.get(kind) == steady:
            return b""
        self._shown[kind] = steady
        return _event(kind, document)


def _event(kind: str, document: object) -> bytes:
    return (f"event: {kind}\n" if kind else "").encode() + b"data: " + msgspec.json.encode(document) + b"\n\n"


def _steady(view: SpaceView) -> SpaceView:
    """The view without what changes all the time: the clock, and what is measured of seats, which is told by itself."""
    still = {"talking": False, "level_dbfs": 0.0, "delay_ms": 0, "loss": 0.0, "jitter_ms": 0, "spoken_s": 0.0}
    seats = [replace(seat, **still) for seat in view.seats]
    return replace(view, now_ms=0, seats=seats)
