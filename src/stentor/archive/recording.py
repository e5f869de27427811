"""One space's way from the bus into the store, for as long as it takes.

The position is the manifest itself: nothing is kept anywhere else, so there is nothing that could disagree with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

import msgspec

from stentor.archive.recorder import Recorder, SealedSegment
from stentor.archive.stored import RecordingStore
from stentor.base import grid, log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.bus.calm import Calm
from stentor.bus.chunks import ChunkLog
from stentor.bus.lease import Lease
from stentor.bus.status import SpaceStatus
from stentor.spaces.model import Space
from stentor.store.loops import HoldLoops
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk

WAITING_CHUNKS: Final = 64
"""Chunks read ahead of the store, 20 s; when full, the log is not read further: it keeps them for hours."""
POLL_S: Final = 0.1
LIVE_POLL_S: Final = 0.5
"""How soon it is noticed, while a space goes on, that its lease has gone: nothing is written before that is asked."""
LOOK_S: Final = 1.92
"""Between two looks into the log: half a segment, which is the least that is stored."""
CALM_POLL_S: Final = 2.0
"""The same while the space waits: the log is not looked at more often then."""
CALM_SEGMENTS: Final = 4
"""So many segments come into the manifest at once while the space waits: a page is up to 180 kB each time."""
GRACE_S: Final = 10.0
"""So long after the end of a space, and after the last sign of life of the log, a missing chunk is given up. Fresh
chunks are at most a takeover late; those of a bus that was away come in one go when it is back."""
FIRST_RETRY_S: Final = 0.25
LONGEST_RETRY_S: Final = 5.0


class RecordingTask:
    """The recording of one space. :meth:`run` ends when it is complete."""

    def __init__(
        self,
        space: Space,
        objects: Objects,
        chunks: ChunkLog,
        lease: Lease,
        *,
        loops: HoldLoops,
        calm: Calm,
        clock: Clock,
        nameless: Callable[[], bool],
    ) -> None:
        self.space = space
        self.complete = False
        self.problem = ""
        self.newest = -1
        """The newest chunk that is in the manifest."""
        self.last_hash = ""
        """Of the newest entry."""
        self.gaps = 0
        self.retries = 0
        self._store = RecordingStore(objects, space.id)
        self._log, self._lease, self._loops, self._clock = chunks, lease, loops, clock
        self._calm, self._nameless = calm, nameless
        self._quiet_since = asyncio.get_running_loop().time()

    def status(self) -> SpaceStatus:
        """The recording as the others see it."""
        lag_ms = 0
        if self.newest >= 0 and not self.complete:
            lag_ms = unix_ms(self._clock()) - unix_ms(grid.chunk_start(self.newest + 1, self.space.doors_open_s))
        return SpaceStatus(
            chunk=self.newest,
            source="archive",
            lag_ms=max(0, lag_ms),
            complete=self.complete,
            problem=self.problem,
            last_hash=self.last_hash,
        )

    async def run(self) -> None:
        """Records whenever the lease is ours, until the recording is complete."""
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._lease.run(), name=f"lease {self.space.id}")
            while not self.complete:
                if self._lease.held:
                    await self._record()
                else:
                    await self._lease.until_kept(CALM_POLL_S if self._calm else POLL_S)
            renewing.cancel()

    async def _record(self) -> None:
        """From where the manifest ends; returns when all is there or another process may have recorded meanwhile."""
        term = self._lease.term
        recorder = await self._resume(term)
        if recorder is None:
            return
        waiting: asyncio.Queue[Chunk] = asyncio.Queue(WAITING_CHUNKS)
        reading = asyncio.create_task(self._read(recorder.next, waiting), name=f"read {self.space.id}")
        try:
            while self._lease.term == term and not self.complete and not reading.done():
                chunk = await self._next(waiting)
                if chunk is not None and not await self._keep(recorder.add(await self._whole(chunk)), term):
                    return
                last = self.space.last_chunk
                if last is not None and (recorder.next > last or self._given_up(last, waiting)):
                    self.complete = await self._keep(recorder.finish(last), term) and await self._list_kept(term)
            if reading.done():
                reading.result()  # it reads for ever: this raises what ended it
        finally:
            self.gaps += recorder.gaps
            reading.cancel()
            await asyncio.wait([reading], timeout=1.0)

    async def _ours(self, term: int) -> bool:
        """Waits while the bus is too slow to say whose the lease is; False when it was taken anew since ``term``."""
        while True:
            if self._lease.held or self._lease.term != term:
                return self._lease.term == term
            await asyncio.sleep(POLL_S)

    async def _resume(self, term: int) -> Recorder | None:
        """A recorder behind the last entry that proves itself; None when the lease has gone meanwhile."""
        delay_s = FIRST_RETRY_S
        while await self._ours(term):
            try:
                loaded = await self._store.load()
            except Overloaded as error:
                delay_s = await self._retry_after(delay_s, error)
                continue
            self.problem = ""
            if loaded.damaged:
                log.get("archive").error("manifest-damaged", space=self.space.id, entries=len(loaded.entries))
            after = loaded.entries[-1] if loaded.entries else None
            recorder = Recorder(self.space.id, self.space.doors_open_ms or 0, after)
            self.newest, self.last_hash = recorder.next - 1, after.hash if after else ""
            return recorder
        return None

    async def _read(self, start: int, waiting: asyncio.Queue[Chunk]) -> None:
        """The log into the queue; a full queue makes the log wait."""
        origin_ms = self.space.doors_open_ms or 0
        async for chunk in self._log.follow(
            self.space.id, doors_open_ms=origin_ms, start=start, calm=self._calm, look_s=LOOK_S
        ):
            await waiting.put(chunk)
            self._quiet_since = asyncio.get_running_loop().time()

    async def _next(self, waiting: asyncio.Queue[Chunk]) -> Chunk | None:
        if not waiting.empty():
            return waiting.get_nowait()
        try:
            going_on = LIVE_POLL_S if self.space.last_chunk is None else POLL_S
            async with asyncio.timeout(CALM_POLL_S if self._calm else going_on):
                return await waiting.get()
        except TimeoutError:
            return None

    async def _whole(self, chunk: Chunk) -> Chunk:
        """With the loop's frames, where it says no more than that the loop was heard; without names."""
        if self._nameless():
            chunk = self._store.unnamed(chunk)
        if not chunk.hold or chunk.frames:
            return chunk
        loop = (await self._loops.get(chunk.hold)).loop
        return msgspec.structs.replace(chunk, frames=loop.chunk_frames(chunk.number))

    def update(self, space: Space) -> None:
        """The space as it stands on the board now."""
        self.space = space
        self._calm.set(space.waits)

    def _given_up(self, last: int, waiting: asyncio.Queue[Chunk]) -> bool:
        """Nothing more of an ended space will come: what is missing is a gap."""
        now = asyncio.get_running_loop().time()
        if not self._log.bus.connected:
            self._quiet_since = now
        end = grid.chunk_start(last + 1, self.space.doors_open_s)
        return waiting.empty() and self._clock() > end + GRACE_S and now - self._quiet_since > GRACE_S

    async def _keep(self, segments: Iterable[SealedSegment], term: int) -> bool:
        """Stores segments, trying for as long as it takes; False when the lease has gone."""
        for segment in segments:
            listed = not self._calm or segment.entry.following % CALM_SEGMENTS == 0
            if not await self._try(partial(self._store.keep, segment, listed=listed), term):
                return False
            self.newest, self.last_hash = segment.entry.first_chunk + segment.entry.chunks - 1, segment.entry.hash
        return True

    async def _list_kept(self, term: int) -> bool:
        """Brings the last ones into the manifest."""
        return await self._try(self._store.list_kept, term)

    async def _try(self, work: Callable[[], Awaitable[None]], term: int) -> bool:
        """Again and again until it succeeds; False when the lease has gone."""
        delay_s = FIRST_RETRY_S
        while await self._ours(term):
            try:
                await work()
            except Overloaded as error:
                delay_s = await self._retry_after(delay_s, error)
            else:
                self.problem = ""
                return True
        return False

    async def _retry_after(self, delay_s: float, error: Overloaded) -> float:
        """Says what is wrong, waits, and returns how long to wait the next time."""
        if not self.problem:
            log.get("archive").error("store-fails", space=self.space.id, error=error.detail)
        self.problem = f"The recording cannot be stored; trying again. {error.detail}"
        self.retries += 1
        await asyncio.sleep(delay_s)
        return min(2 * delay_s, LONGEST_RETRY_S)
