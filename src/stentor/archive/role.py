"""The archive as a process: one recording for each space that is on air, or over and not yet complete."""

from __future__ import annotations

import asyncio
import os
from typing import Final

from stentor.archive.editor import Editor
from stentor.archive.recording import RecordingTask
from stentor.base import log
from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.config import Settings
from stentor.base.disk import Disks
from stentor.base.drain import Drain, ended, until
from stentor.bus import drain as bus_drain
from stentor.bus.board import Board
from stentor.bus.calm import Calm
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus
from stentor.bus.documents import Gone
from stentor.bus.identity import join
from stentor.bus.lease import Lease
from stentor.bus.status import READS_DELAY, READS_SPANS, SpaceStatus, Status, Statuses, beat
from stentor.spaces import forecast
from stentor.spaces.model import Space, State
from stentor.store.loops import HoldLoops
from stentor.store.objects import Objects
from stentor.wire.horizon import CLOCK_WRONG

ROLE: Final = "archive"
RETRY_S: Final = 1.0


class Archive:
    """All recordings of this process. Several may run: for each space the one with the lease records."""

    def __init__(self, bus: Bus, objects: Objects, settings: Settings, *, instance: str, clock: Clock) -> None:
        self.disks = Disks(settings)
        self._bus_hours = settings.bus_hours
        self.bus = bus
        self.objects = objects
        self.instance = instance
        self.clock = clock
        self.chunks = ChunkLog(bus, clock=clock)
        self.loops = HoldLoops(objects)
        self.statuses = Statuses(clock)
        self._nameless = True
        self.recordings: dict[str, RecordingTask] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.editing = Lease(bus, f"{ROLE}.editions.0", holder=instance, calm=Calm(calm=True))
        self.editor = Editor(objects, self.editing, lambda: self.recordings, clock)
        self.log = log.get(ROLE)

    async def run(self) -> None:
        """Follows the board for ever; ends all recordings when cancelled, at any point without a loss."""
        try:
            await self.statuses.start(self.bus, "edge")
            async for space in Board(self.bus).watch():
                if isinstance(space, Gone):
                    self._forget(space.key)
                else:
                    self._follow(space)
        finally:
            await ended(self._tasks.values())

    def _follow(self, space: Space) -> None:
        if space.state in (State.REPLAY, State.CANCELLED) or not space.records:  # it is done, or will never be
            self._forget(space.id)
            if space.state is State.REPLAY and space.recorded:
                self.editor.finished(space)
        elif space.id in self.recordings:
            self.recordings[space.id].update(space)
        elif space.on_air or (space.state is State.ENDED and space.last_chunk is not None):
            self.recordings[space.id] = self._recording(space)
            self._tasks[space.id] = asyncio.create_task(self._keep(space.id), name=f"record {space.id}")

    def _forget(self, space_id: str) -> None:
        task = self._tasks.pop(space_id, None)
        if task is not None:
            task.cancel()
        self.recordings.pop(space_id, None)

    def _recording(self, space: Space) -> RecordingTask:
        calm = Calm(calm=space.waits)
        lease = Lease(self.bus, f"{ROLE}.{space.id}", holder=self.instance, calm=calm)
        return RecordingTask(
            space,
            self.objects,
            self.chunks,
            lease,
            loops=self.loops,
            calm=calm,
            clock=self.clock,
            nameless=self.nameless,
        )

    def nameless(self) -> bool:
        """Whether names stay out of the sound: while every edge finds them beside it, as far as was last heard."""
        read = self.statuses.reads_names(self.clock())
        if read is not None:
            self._nameless = read
        return self._nameless

    async def _keep(self, space_id: str) -> None:
        """Runs a recording until it is complete; one that fails is taken up again from its manifest."""
        while True:
            recording = self.recordings[space_id]
            try:
                await recording.run()
            except Exception:  # the outermost boundary of a recording: the others go on
                self.log.exception("recording-failed", space=space_id)
                await asyncio.sleep(RETRY_S)
                fresh = self.recordings[space_id] = self._recording(recording.space)
                fresh.problem = "The recording failed and was taken up again."
            else:
                # It stays in the heartbeat as complete until the house has opened the replay.
                self.log.info("recording-complete", space=space_id, chunks=recording.newest + 1, gaps=recording.gaps)
                return

    def status(self) -> Status:
        """The heartbeat of now."""
        recordings = list(self.recordings.values())
        on_air = sum(recording.space.on_air for recording in recordings)
        spaces: dict[str, SpaceStatus] = {recording.space.id: recording.status() for recording in recordings}
        return Status(
            role=ROLE,
            instance=self.instance,
            at_ms=unix_ms(self.clock()),
            pid=os.getpid(),
            spaces=spaces,
            numbers={
                READS_SPANS: 1.0,
                READS_DELAY: 1.0,
                "recordings": float(len(recordings)),
                "gaps": float(sum(recording.gaps for recording in recordings)),
                "store_retries": float(sum(recording.retries for recording in recordings)),
                "editions_made": float(self.editor.made),
                "editions_failed": float(self.editor.failed),
                "ahead": float(self.chunks.horizon.refused),
                **forecast.numbers(self.disks.seen, on_air, self._bus_hours),
            },
            problem=CLOCK_WRONG
            if self.chunks.horizon.clock_wrong
            else next((space.problem for space in spaces.values() if space.problem), ""),
        )


async def run(settings: Settings, *, instance: str, clock: Clock = wall, drain: Drain | None = None) -> None:
    """The archive until cancelled or told to go. Raises :class:`SetupError` without a bus or an object store."""
    objects = Objects.open(settings.recordings_address)
    drain = drain or Drain()
    async with join(settings, ROLE, name=f"{ROLE} {instance}") as bus:
        archive = Archive(bus, objects, settings, instance=instance, clock=clock)
        await bus_drain.heed(bus, ROLE, instance, drain)
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(archive.disks.run(), name="disks"),
                group.create_task(beat(bus, archive.status), name="beat"),
                group.create_task(archive.editing.run(), name="lease editions"),
                group.create_task(archive.editor.run(), name="editor"),
            ]
            await until(drain.asked(), archive.run())  # which gives its leases back: another one goes on at once
            for helper in helpers:
                helper.cancel()
