"""The programme as a process: one channel for each space on air.

Several of these run, all of them *hot*: they hear the same ticks and make the same chunks. For each space one holds
the lease and publishes; when it dies another goes on within two seconds, with the very next number.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Final

from stentor.base import log
from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.config import Settings
from stentor.base.drain import Drain, ended, until
from stentor.bus import drain as bus_drain
from stentor.bus.board import Board
from stentor.bus.calm import Calm
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus
from stentor.bus.documents import Gone
from stentor.bus.identity import join
from stentor.bus.lease import Lease
from stentor.bus.status import READS_BATCHES, READS_DELAY, SpaceStatus, Status, Statuses, beat
from stentor.programme.producer import Heard, Producer
from stentor.programme.publisher import Publisher
from stentor.spaces.model import Space
from stentor.spaces.reactions import Tally
from stentor.store.loops import HoldLoops
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk

ROLE: Final = "programme"
DRAIN_S: Final = 300.0
"""So long the last chunks of a space wait for a bus that is away."""
NEWCOMER_S: Final = 1.5
"""A programme that has just begun knows nothing of the last chunks: the twin goes first, however quick a start is."""
RETRY_S: Final = 1.0


class SpaceOnAir:
    """One space on air in this process."""

    def __init__(self, programme: Programme, space: Space) -> None:
        self.space = space
        self.newest: Chunk | None = None
        self.problem = ""
        self._programme = programme
        self._producer: Producer | None = None
        self._publisher: Publisher | None = None
        self._changed = asyncio.Event()
        self._calm = Calm(calm=space.waits)
        self._tally = Tally()

    def update(self, space: Space) -> None:
        """The space as it stands on the board now."""
        other_music = space.hold != self.space.hold
        self.space = space
        if self._producer is not None and self._publisher is not None:
            self._publisher.space = space
            self._producer.update(space)
        self._calm.set(space.waits)
        if other_music:
            self._changed.set()

    def look(self) -> None:
        """Edges or stage tell something new of the space."""
        if self._producer is not None:
            self._producer.look()

    @property
    def speaks(self) -> bool:
        """This process is the one that publishes the space."""
        return self._publisher is not None and self._publisher.speaks

    async def run(self) -> None:
        """Makes and publishes chunks until the last one of the space is in the log."""
        role = self._programme
        lease = Lease(role.bus, f"{ROLE}.{self.space.id}", holder=role.holder, calm=self._calm, newcomer_s=NEWCOMER_S)
        music = await role.loops.get(self.space.hold)
        self._producer = Producer(
            self.space,
            music,
            clock=role.clock,
            pool=role.pool,
            spare=role.spare,
            heard=self._heard,
            deliver=self._deliver,
            spans=lambda: role.statuses.reads_spans(role.clock()),
            speaks=lambda: lease.kept,
        )
        self._publisher = Publisher(
            role.chunks, lease, self.space, music, clock=role.clock, catch_up=self._producer.catch_up
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(await role.bus.subscribe(f"tick.{self.space.id}", self._producer.hear))
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(lease.run(), name=f"lease {self.space.id}"),
                    group.create_task(self._publisher.run(), name=f"publish {self.space.id}"),
                    group.create_task(self._follow_music(), name=f"music {self.space.id}"),
                ]
                await self._producer.run()
                try:
                    async with asyncio.timeout(DRAIN_S):
                        await self._publisher.drained()
                except TimeoutError:
                    log.get(ROLE).error("chunks-lost", space=self.space.id, chunks=len(self._publisher.backlog))
                for helper in helpers:
                    helper.cancel()

    def status(self) -> SpaceStatus:
        """The channel as the others see it."""
        producer, publisher = self._producer, self._publisher
        if producer is None or publisher is None:
            return SpaceStatus(problem=self.problem)
        problem = self.problem
        if producer.set_back:
            problem = "The clock was set back: the stage is not heard until the space is over."
        elif producer.window.horizon.clock_wrong:
            problem = "What the stage sends is far ahead of this machine's clock: one of the two is wrong (NTP)."
        published = publisher.backlog.published
        # What is heard is announced beside the log: who speaks is as far as what it has made.
        made = -1
        if publisher.speaks:
            made = max(producer.vouches, self.newest.number if self.newest else -1)
        return SpaceStatus(
            chunk=max(published, made),
            source=self.newest.source if self.newest else "",
            lag_ms=publisher.lag_ms,
            unkept=len(publisher.backlog) if publisher.speaks else 0,
            problem=problem,
        )

    def numbers(self) -> dict[str, float]:
        """Counters of this channel."""
        producer, publisher = self._producer, self._publisher
        if producer is None or publisher is None:
            return {}
        return {
            "speaking": float(publisher.speaks),
            "backlog": float(len(publisher.backlog)),
            "dropped": float(publisher.backlog.dropped),
            "filled": float(publisher.filled),
            "skipped": float(producer.skipped),
            "late_ticks": float(producer.window.late),
            "early_ticks": float(producer.window.horizon.refused),
        }

    def _heard(self) -> Heard:
        statuses, now = self._programme.statuses, self._programme.clock()
        for edge, counts in statuses.reactions(self.space.id, now).items():
            self._tally.hear(edge, counts)
        space = self.space.id
        told = statuses.listeners(space, now), statuses.seats(space, now)
        return Heard(*told, self._tally.total(), statuses.last_hash(space, now))

    async def _deliver(self, chunk: Chunk) -> None:
        self.newest = chunk
        if self._publisher is not None:
            await self._publisher.put(chunk)

    async def _follow_music(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            music = await self._programme.loops.get(self.space.hold)
            if self._producer is not None and self._publisher is not None:
                self._producer.change_loop(music)
                self._publisher.music = music


class Programme:
    """All channels of this process."""

    def __init__(self, bus: Bus, objects: Objects, *, instance: str, clock: Clock) -> None:
        self.bus = bus
        self.instance = instance
        self.holder = f"{instance} {secrets.token_hex(4)}"
        """A name for this life only: started again it knows nothing of the last chunks, and the twin goes first."""
        self.clock = clock
        self.chunks = ChunkLog(bus, clock=clock)
        self.statuses = Statuses(clock)
        self.loops = HoldLoops(objects)
        self.pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="encode")
        self.spare = ThreadPoolExecutor(max_workers=1, thread_name_prefix="run-up")
        self.channels: dict[str, SpaceOnAir] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.log = log.get(ROLE)

    async def run(self) -> None:
        """Follows the board for ever; ends all channels when cancelled."""
        try:
            self.statuses.follow_spaces(self._look)
            await self.statuses.start(self.bus, "archive", "edge", "stage")
            async for space in Board(self.bus).watch():
                if not isinstance(space, Gone):
                    self._follow(space)
                elif task := self._tasks.get(space.key):  # it was over while this process was cut off
                    task.cancel()
        finally:
            await ended(self._tasks.values())
            for pool in (self.pool, self.spare):
                pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, space_id: str) -> None:
        """Edges or stage tell something new of a space."""
        channel = self.channels.get(space_id)
        if channel is not None:
            channel.look()

    def _follow(self, space: Space) -> None:
        channel = self.channels.get(space.id)
        if channel is not None:
            channel.update(space)
        elif space.on_air:
            self.channels[space.id] = SpaceOnAir(self, space)
            self._tasks[space.id] = asyncio.create_task(self._keep(self.channels[space.id]), name=f"keep {space.id}")

    async def _keep(self, channel: SpaceOnAir) -> None:
        """Runs a channel until its space is over; one that fails is made anew, and the others do not notice."""
        space_id = channel.space.id
        self.log.info("channel-opened", space=space_id)
        try:
            while True:
                try:
                    await channel.run()
                    break
                except Exception:  # the outermost boundary of a channel
                    self.log.exception("channel-failed", space=space_id)
                    await asyncio.sleep(RETRY_S)
                    if not channel.space.on_air:
                        break
                    channel = self.channels[space_id] = SpaceOnAir(self, channel.space)
                    channel.problem = "The programme failed and was made anew."
        finally:
            self.channels.pop(space_id, None)
            self._tasks.pop(space_id, None)
            self.log.info("channel-closed", space=space_id)

    def status(self) -> Status:
        """The heartbeat of now."""
        channels = list(self.channels.values())
        horizon = self.chunks.horizon
        numbers: dict[str, float] = {
            READS_BATCHES: 1.0,
            READS_DELAY: 1.0,
            "channels": float(len(channels)),
            "ahead": float(horizon.refused),
        }
        for channel in channels:
            for name, value in channel.numbers().items():
                numbers[name] = numbers.get(name, 0.0) + value
        spaces: dict[str, SpaceStatus] = {channel.space.id: channel.status() for channel in channels}
        return Status(
            role=ROLE,
            instance=self.instance,
            at_ms=unix_ms(self.clock()),
            pid=os.getpid(),
            spaces=spaces,
            numbers=numbers,
            problem=next((space.problem for space in spaces.values() if space.problem), ""),
        )


async def run(settings: Settings, *, instance: str, clock: Clock = wall, drain: Drain | None = None) -> None:
    """The programme until cancelled or told to go. Raises :class:`SetupError` without a bus or an object store."""
    objects = Objects.open(settings.recordings_address)
    drain = drain or Drain()
    async with join(settings, ROLE, name=f"{ROLE} {instance}") as bus:
        programme = Programme(bus, objects, instance=instance, clock=clock)
        await bus_drain.heed(bus, ROLE, instance, drain)
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(beat(bus, programme.status), name="beat")
            await until(drain.asked(), programme.run())  # which gives its leases back: the twin goes on at once
            beating.cancel()
