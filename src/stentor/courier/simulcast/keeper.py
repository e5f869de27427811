"""Keeps a process for each space that is sent elsewhere, and knows how its destinations stand."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from stentor import end_with_parent
from stentor.base import log
from stentor.base.config import Settings
from stentor.base.drain import ended
from stentor.base.errors import Overloaded, SetupError
from stentor.base.seal import Seal
from stentor.bus.board import Board
from stentor.bus.connection import Bus
from stentor.bus.documents import Gone
from stentor.bus.lease import Lease
from stentor.bus.status import SpaceStatus
from stentor.courier.simulcast.words import SentDestination, SimulcastOrder, Told
from stentor.people.site import SiteWishes
from stentor.spaces.model import Space
from stentor.spaces.simulcast import NEWS, SEALED, DestinationSecret, DestinationSeen
from stentor.store.destinations import Destinations, SealedDestination
from stentor.store.site import SiteTable
from stentor.store.spaces import Store

LOOK_S: Final = 5.0
"""Between two looks into the database; what somebody changes is told at once."""
RETRY_S: Final = 1.0
STOP_S: Final = 3.0
_decoder = msgspec.json.Decoder(Told)


class SimulcastKeeper:
    """Of one courier. A space is sent by one of all couriers: who has its lease."""

    def __init__(self, settings: Settings, bus: Bus, store: Store, seal: Seal, *, instance: str) -> None:
        self._settings, self._bus, self._seal, self._instance = settings, bus, seal, instance
        self._table, self._site = Destinations(store.work), SiteTable(store.work)
        self._look_of_site, self._logo = SiteWishes(), b""
        self._on_air: dict[str, Space] = {}
        self._wanted: dict[str, list[SentDestination]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._seen: dict[str, Sequence[DestinationSeen]] = {}
        self._changed: dict[str, asyncio.Event] = {}
        self._news = asyncio.Event()
        self._log = log.get("simulcast")

    async def run(self) -> None:
        """For ever."""
        await self._bus.subscribe(NEWS, lambda _, __: self._news.set())
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="board")
            group.create_task(self._look(), name="destinations")

    def spaces(self) -> Mapping[str, SpaceStatus]:
        """For the heartbeat."""
        return {space: SpaceStatus(destinations=list(seen)) for space, seen in self._seen.items()}

    async def _watch(self) -> None:
        async for found in Board(self._bus).watch():
            if isinstance(found, Gone):
                self._on_air.pop(found.key, None)
            elif found.on_air and not found.private:
                self._on_air[found.id] = found
            else:
                self._on_air.pop(found.id, None)
            self._follow()

    async def _look(self) -> None:
        while True:
            try:
                found = await self._table.turned_on()
                self._look_of_site, self._logo = await self._site.read()
            except Overloaded:
                await asyncio.sleep(RETRY_S)
                continue
            wanted: dict[str, list[SentDestination]] = defaultdict(list)
            for each in found:
                if (opened := self._opened(each)) is not None:
                    wanted[each.destination.space].append(opened)
            self._wanted = dict(wanted)
            self._follow()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            self._news.clear()

    def _opened(self, found: SealedDestination) -> SentDestination | None:
        one = found.destination
        try:
            secret = DestinationSecret.read(self._seal.open(found.sealed, SEALED).decode())
        except SetupError as error:
            self._log.error("simulcast-sealed", destination=one.number, reason=error.detail)
            return None
        return SentDestination(one.number, one.kind, one.server, secret, one.name)

    def _follow(self) -> None:
        """Begins where something is to be sent; a process that runs is told of what has changed."""
        for space in self._wanted.keys() & self._on_air.keys():
            if space not in self._tasks:
                self._changed[space] = asyncio.Event()
                task = self._tasks[space] = asyncio.create_task(self._keep(space), name=f"simulcast {space}")
                task.add_done_callback(lambda _, space=space: self._forget(space))  # type: ignore[misc]
        for changed in self._changed.values():
            changed.set()

    def _forget(self, space: str) -> None:
        for kept in (self._tasks, self._seen, self._changed):
            kept.pop(space, None)

    async def _keep(self, space: str) -> None:
        """Until the space is over or nothing is wanted any more; a process that dies is started anew."""
        lease = Lease(self._bus, f"simulcast.{space}", holder=self._instance)
        renewing = asyncio.create_task(lease.run(), name=f"lease simulcast {space}")
        try:
            while space in self._on_air and space in self._wanted:
                if not lease.held:
                    await asyncio.sleep(RETRY_S / 4)
                    continue
                try:
                    over = await self._process(space, lease)
                except Exception:  # noqa: BLE001 the outermost boundary of a simulcast: the courier goes on
                    self._log.exception("simulcast-failed", space=space)
                    over = False
                if over:
                    break
                await asyncio.sleep(RETRY_S)
        finally:
            await ended([renewing])

    async def _process(self, space: str, lease: Lease) -> bool:
        """Runs it once; whether the space is over."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", end_with_parent.__file__, str(os.getpid()),
            sys.executable, "-P", "-m", "stentor.courier.simulcast.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=None,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, start_new_session=True,
        )  # fmt: skip
        self._log.info("simulcast-begun", space=space)
        telling = asyncio.create_task(self._tell(space, process, lease))
        over = False
        try:
            assert process.stdout is not None
            while line := await process.stdout.readline():
                told = _decoder.decode(line)
                self._seen[space], over = told.destinations, told.over
        finally:
            await ended([telling])
            await self._end(process)
            self._log.info("simulcast-ended", space=space, over=over)
        return over

    async def _tell(self, space: str, process: asyncio.subprocess.Process, lease: Lease) -> None:
        """Says what is wanted, and again when that changes; ends the process by ending what it is told."""
        assert process.stdin is not None
        told: list[SentDestination] | None = None
        with suppress(OSError):
            while True:
                wanted = self._wanted.get(space, [])
                if not lease.held or not wanted or (space not in self._on_air and not self._ending(space)):
                    process.stdin.close()
                    return
                if wanted != told:
                    look = self._look_of_site
                    first = SimulcastOrder(wanted, self._settings, space, look.name, look.accent, self._logo)
                    first = first if told is None else SimulcastOrder(wanted)
                    process.stdin.write(msgspec.json.encode(first) + b"\n")
                    await process.stdin.drain()
                    told = wanted
                self._changed[space].clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_S):
                        await self._changed[space].wait()

    def _ending(self, space: str) -> bool:
        """The space is over, and what it said last is still on its way: the process ends by itself."""
        return space not in self._on_air and space in self._seen

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
