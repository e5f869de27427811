"""Brings the chunks of one space into the log: in order, each number once, without a hole.

Only the holder of the lease ``programme.<space>`` publishes, until it learns that another one has it: a number that two
publish is in the log once. Whoever takes it over looks for the last number in the log and goes on behind it, from its
own backlog; what nobody made is filled with the hold loop's ready-made frames.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from stentor.base import grid
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, Overloaded
from stentor.base.rendition import Source
from stentor.bus.chunks import ChunkLog
from stentor.bus.lease import Lease
from stentor.programme.backlog import Backlog
from stentor.spaces import delay, pulse
from stentor.spaces.model import Space
from stentor.store.loops import Music
from stentor.wire.chunk import Chunk

POLL_S: Final = 0.05
"""How soon it is noticed that all is in the log, or that the lease has gone."""
LOOK_S: Final = 1.0
"""How often whoever publishes looks whether the lease is still there when there is nothing to publish."""
STANDBY_LOOK_S: Final = 4.0
"""How often a standby looks at the log, so that its backlog stays short: thirteen chunks of the 938 it may have."""
CALM_LOOK_S: Final = 8.0
"""The same while the space waits: two messages come meanwhile."""
AGAIN_CHUNKS: Final = 16
"""5 s of what the log has not confirmed are announced again on a new connection: edges give a chunk up after 2.5 s, and
players have 3.2 s in their buffers."""


class Publisher:
    """One space's way into the log. :meth:`put` takes chunks, :meth:`run` publishes them for ever."""

    def __init__(
        self,
        chunks: ChunkLog,
        lease: Lease,
        space: Space,
        music: Music,
        *,
        clock: Clock,
        catch_up: Callable[[], Awaitable[None]],
    ) -> None:
        self.space = space
        self.music = music
        self.backlog = Backlog()
        self.filled = 0
        """Numbers that nobody had made, published from the hold loop."""
        self.lag_ms = 0
        """From the end of the newest chunk on the clock to its place in the log."""
        self._log, self._lease, self._clock = chunks, lease, clock
        self._catch_up = catch_up
        """Makes what a standby leaves for later."""
        self._more = asyncio.Event()
        self._known_epoch = 0
        """The connection on which the log's last number was looked up while the lease was ours; 0 for none."""
        self._announced = (0, 0)
        """The connection and the term of the lease in which the last chunk was announced."""

    @property
    def speaks(self) -> bool:
        """This process is the one that publishes."""
        return self._lease.kept

    async def put(self, chunk: Chunk) -> None:
        """A new chunk of this process; the one that speaks says it to the edges at once, whatever the log does."""
        self.backlog.put(chunk)
        self._more.set()
        if self.speaks:
            for each in self._unheard(chunk):
                await self._log.announce(each)

    def _unheard(self, chunk: Chunk) -> list[Chunk]:
        """What to announce: the new chunk, and before it what may have been lost with a connection or a twin."""
        known, self._announced = self._announced, (self._log.bus.epoch, self._lease.term)
        return [chunk] if known == self._announced else self.backlog.newest(AGAIN_CHUNKS) or [chunk]

    async def run(self) -> None:
        """Publishes what is ours to publish; for ever."""
        while True:
            try:
                await self._step()
            except Overloaded as error:
                self._known_epoch = 0
                await asyncio.sleep(min(error.retry_after_s, 1.0))

    async def drained(self) -> None:
        """Returns when everything made here is in the log, by whomever."""
        while True:
            if self.backlog.first is None:
                return
            await asyncio.sleep(POLL_S)

    async def _step(self) -> None:
        if not self._lease.kept:
            self._known_epoch = 0
            await self._stand_by()
            return
        epoch = self._log.bus.epoch
        if self._known_epoch != epoch:
            await self._catch_up()
            self.backlog.seen(await self._last())
            self._known_epoch = epoch
        first = self.backlog.first
        if first is None:
            self._more.clear()
            await self._wait_for_more()
            return
        for number in self.backlog.missing():
            await self._send(self._filler(number))
            self.filled += 1
        await self._send(first)
        self.lag_ms = unix_ms(self._clock()) - unix_ms(grid.chunk_start(first.number + 1, self.space.doors_open_s))

    async def _send(self, chunk: Chunk) -> None:
        """One number. Raises :class:`Overloaded` when the lease has gone: another one may be publishing."""
        if not self._lease.kept:
            raise Overloaded("The lease is not ours any more.", retry_after_s=POLL_S)
        await self._log.publish(chunk)
        self.backlog.seen(chunk.number)

    async def _stand_by(self) -> None:
        """Waits for the lease, and forgets what the other one has published."""
        self.backlog.seen(await self._last())
        await self._lease.until_kept(CALM_LOOK_S if self.space.waits else STANDBY_LOOK_S)

    async def _wait_for_more(self) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                await self._more.wait()
        except TimeoutError:
            return

    async def _last(self) -> int:
        try:
            return await self._log.last(self.space.id)
        except Malformed:
            return -1  # garbage on the bus: our own copies are told apart by their ids

    def _filler(self, number: int) -> Chunk:
        """A chunk that nobody made: the hold loop's, marked when there should have been something else."""
        live = self.space.live_chunk
        source = Source.HOLD if live is None or number < live else Source.FILLER
        at_ms = unix_ms(self._clock())
        heard = delay.as_heard(self.space, unix_ms(grid.chunk_start(number, self.space.doors_open_s)))
        return Chunk(
            self.space.id,
            number,
            self.space.doors_open_ms or 0,
            source,
            at_ms,
            0,
            pulse.build(heard, chunk=number, at_ms=at_ms, source=source, listeners=0, seats=()),
            {} if source is Source.HOLD else self.music.loop.chunk_frames(number),
            hold=self.music.name if source is Source.HOLD else "",
        )
