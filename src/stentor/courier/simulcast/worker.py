"""Makes the simulcast of one space, in a process of its own that steps back: ``python -m
stentor.courier.simulcast.worker``.

What is wanted comes by standard input (:class:`SimulcastOrder`, a line each); how it stands goes to standard output
(:class:`Told`). It ends when the input does, or the space.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
import uvloop

from stentor.base.clock import unix_ms, wall
from stentor.base.colour import shades
from stentor.base.config import Settings
from stentor.base.drain import ended
from stentor.base.errors import NotFound, Overloaded, StentorError
from stentor.bus.board import Board
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus
from stentor.bus.cues import CueLog
from stentor.bus.documents import Gone
from stentor.bus.identity import join
from stentor.courier.addresses import networks
from stentor.courier.simulcast.backlog import KEPT_MS
from stentor.courier.simulcast.destination import Destination
from stentor.courier.simulcast.feed import Feed
from stentor.courier.simulcast.line import LOOK_S, DestinationLine, IcecastLine, RtmpLine, Sent
from stentor.courier.simulcast.picture import ScenePicture
from stentor.courier.simulcast.srt import SrtLine
from stentor.courier.simulcast.whip import WhipLine
from stentor.courier.simulcast.words import SentDestination, SimulcastOrder, Told
from stentor.spaces.model import Space, State
from stentor.spaces.simulcast import DestinationKind
from stentor.store.loops import HoldLoops
from stentor.store.objects import Objects
from stentor.wire import icecast, ingest, rtmp, srt

ACCENT: Final = "#6fcee4"
"""Of the design (``web/shared/night.css``)."""
WORDS: Final = {State.LIVE: "LIVE"}
NICENESS: Final = 15
TELL_S: Final = 1.0
FOUND_S: Final = 10.0
"""So long the board may take to tell of the space."""
MOST_LINE_BYTES: Final = 1 << 20
_decoder = msgspec.json.Decoder(SimulcastOrder)


class Simulcast:
    """One space, to all its destinations."""

    def __init__(self, told: SimulcastOrder, settings: Settings, bus: Bus, space: Space) -> None:
        self._settings, self._bus, self.space, self._site = settings, bus, space, told.site
        self._objects = Objects.open(settings.recordings_address)
        self._allowed = networks(settings.courier_networks)
        self._destinations: dict[SentDestination, tuple[Destination, asyncio.Task[None]]] = {}
        self._fetching: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.picture = ScenePicture(shades(told.accent)[1].accent if told.accent else ACCENT, WORDS, told.logo)
        self.feed: Feed | None = None

    def want(self, destinations: list[SentDestination]) -> None:
        """Begins with those that are new, and ends those that are not wanted any more."""
        for told in [*self._destinations]:
            if told not in destinations:
                self._destinations.pop(told)[1].cancel()
        for told in destinations:
            if told not in self._destinations:
                made = Destination(told, self._maker(told), clock_ms=lambda: unix_ms(wall()))
                task = asyncio.create_task(made.run(), name=f"destination {told.number}")
                self._destinations[told] = made, task

    async def run(self) -> None:
        """Until the space is over."""
        music = await HoldLoops(self._objects).get(self.space.hold)
        page = f"{self._settings.audience_address}/s/{self.space.id}"
        self.feed = Feed(
            self.space, music.loop, self.picture, self._emit, clock=wall,
            site=self._site, address=page.partition("://")[2],
        )  # fmt: skip
        self.feed.needs = self._fetch
        await CueLog(self._bus).follow(self.space.id, self.feed.read)
        helpers = [asyncio.create_task(self._follow(self.feed)), asyncio.create_task(self._watch(self.feed))]
        try:
            await self.feed.run()
            await self._rest(self.feed)
        finally:
            await ended([*helpers, *self._tasks])

    async def _rest(self, feed: Feed) -> None:
        """Who is behind at the end gets all of it, unless nothing more may be sent."""
        with suppress(TimeoutError):
            async with asyncio.timeout(KEPT_MS / 1000):
                while not feed.space.private and any(  # noqa: ASYNC110 nothing is done meanwhile
                    made.owes for made, _ in self._destinations.values()
                ):
                    await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        """Ends all connections in order."""
        await ended([task for _, task in self._destinations.values()])

    def told(self) -> Told:
        """How it stands."""
        over = self.feed is not None and self.feed.over
        seen = [made.seen for made, _ in self._destinations.values()]
        return Told(seen, over, self.picture.redrawn, round(time.process_time(), 2))

    def _maker(self, told: SentDestination) -> Callable[[], DestinationLine]:
        secret = told.secret
        if told.kind is DestinationKind.ICECAST:
            mount = icecast.address(told.server, secret.key)
            return lambda: IcecastLine(mount, self.space.title, allowed=self._allowed)
        if told.kind is DestinationKind.SRT:
            called = srt.address(told.server, secret.key, secret.passphrase)
            return lambda: SrtLine(called, allowed=self._allowed)
        if told.kind is DestinationKind.WHIP:
            endpoint = ingest.address(told.server, secret.key, secret.path)
            return lambda: WhipLine(endpoint, allowed=self._allowed, want_key=self._want_key)
        where = rtmp.address(told.server, secret.key)
        return lambda: RtmpLine(where, allowed=self._allowed)

    def _want_key(self) -> None:
        if self.feed is not None:
            self.feed.want_key()

    def _emit(self, sent: Sent) -> None:
        for made, _ in self._destinations.values():
            made.put(sent)

    async def _follow(self, feed: Feed) -> None:
        assert self.space.doors_open_ms is not None
        log = ChunkLog(self._bus)
        async for chunk in log.follow(self.space.id, doors_open_ms=self.space.doors_open_ms, start=feed.start):
            feed.hear(chunk)

    async def _watch(self, feed: Feed) -> None:
        async for found in Board(self._bus).watch():
            if isinstance(found, Gone):
                if found.key == self.space.id:  # it was deleted, or is over for long
                    feed.space = msgspec.structs.replace(feed.space, ended_ms=feed.space.ended_ms or unix_ms(wall()))
            elif found.id == self.space.id:
                feed.space = found

    def _fetch(self, keys: list[str]) -> None:
        for key in keys:
            if key not in self._fetching:
                self._fetching.add(key)
                task = asyncio.create_task(self._portrait(key))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _portrait(self, key: str) -> None:
        try:
            data = await self._objects.get(key)
        except (NotFound, Overloaded):
            data = b""
        self.picture.portrait(key, data)


async def _space(bus: Bus, name: str) -> Space | None:
    """The space as the board has it."""
    board = Board(bus)
    with suppress(TimeoutError):
        async with asyncio.timeout(FOUND_S):
            while True:
                with suppress(Overloaded):
                    return await board.get(name)
                await asyncio.sleep(0.5)
    return None


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _work(tell: Callable[[Told], None]) -> None:
    lines = await _lines()
    first = _decoder.decode(await lines.readline())
    assert first.settings is not None
    async with join(first.settings, "courier", name=f"courier simulcast {first.space}") as bus:
        space = await _space(bus, first.space)
        if space is None or not space.on_air or space.private:
            return
        simulcast = Simulcast(first, first.settings, bus, space)
        simulcast.want(first.destinations)

        async def wishes() -> None:
            while line := await lines.readline():
                simulcast.want(_decoder.decode(line).destinations)

        async def tells() -> None:
            while True:
                tell(simulcast.told())
                await asyncio.sleep(TELL_S)

        tasks = [asyncio.create_task(each) for each in (wishes(), simulcast.run())]
        teller = asyncio.create_task(tells())
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await simulcast.close()
            await ended([*tasks, teller])
            tell(simulcast.told())


def _teller() -> Callable[[Told], None]:
    """What writes to standard output, which nothing else does from now on: what is logged goes where errors go."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(told: Told) -> None:
        output.write(msgspec.json.encode(told) + b"\n")

    return tell


def main() -> None:
    """Does the work; ends with 1 and a sentence on standard error where it cannot be done."""
    os.nice(NICENESS)
    try:
        uvloop.run(_work(_teller()))
    except StentorError as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
