"""The log of chunks: JetStream stream ``CHUNKS``, one subject ``chunk.<space>`` a space, one message a chunk.

A message's id is ``<space>.<doors open>.<number>``: the copy of a twin is dropped by the server. Whoever reads keeps
its own place (the edge in its window, the archive in its manifest), so the server keeps no durable consumers.

While a space only waits one message stands for up to twelve chunks; readers get each of them, without frames.

What is heard does not wait for the log: each chunk is also said once on ``live.<space>``, which nobody keeps. A
cluster that has lost the log's leader takes nothing into the log until it has another, and goes on carrying those.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncGenerator, Callable, Iterator

import msgspec
import nats.errors
import nats.js.errors

from stentor.base import grid
from stentor.base.clock import Clock, wall
from stentor.base.errors import Malformed, Overloaded
from stentor.bus.calm import Calm
from stentor.bus.connection import Bus, Unsubscribe, heed_cancel
from stentor.bus.stored import StoredMessages
from stentor.bus.streams import CHUNKS as STREAM
from stentor.spaces import pulse
from stentor.wire import chunk as wire
from stentor.wire.chunk import Chunk
from stentor.wire.horizon import Horizon

ACK_S = 2.0
LOOK_S = 0.64
"""Between two looks into the log when there was nothing more in it: two chunks come meanwhile. Who needs them sooner
hears them announced; an edge that missed one gives it up after 2.5 s."""
CALM_LOOK_S = 8.0
"""The same while a space waits: two messages come meanwhile."""
BATCH = 16
"""Chunks that are asked for at once: half a megabyte with all renditions."""
EARLY_S = 10.0
"""Reading by time begins this much before the chunk's own time: clocks of machines differ."""
SAID_S = 60.0
"""So often at most the log of a process says that something was refused."""


def subject(space: str) -> str:
    return f"chunk.{space}"


def live_subject(space: str) -> str:
    return f"live.{space}"


def unfold(chunk: Chunk, first: int = 0) -> Iterator[Chunk]:
    """The chunks that a message stands for, from number ``first`` on; each with the pulse as it reads for it."""
    if chunk.span == 1:
        yield chunk
        return
    for number in range(max(first, chunk.first), chunk.number + 1):
        end_ms = chunk.doors_open_ms + (number + 1) * grid.CHUNK_MS
        told = pulse.restamped(chunk.pulse, number, end_ms)
        yield msgspec.structs.replace(chunk, number=number, made_ms=end_ms, pulse=told, span=1)


class ChunkLog:
    """Every published chunk of every space, for the hours of ``STENTOR_BUS_HOURS``."""

    def __init__(self, bus: Bus, *, clock: Clock = wall) -> None:
        self.bus = bus
        self.malformed = 0
        self.horizon = Horizon()
        """What was refused because it is far ahead of ``clock``."""
        self._clock = clock
        self._said = -SAID_S

    async def publish(self, chunk: Chunk) -> None:
        """Returns when the server has it on disk. Raises :class:`Overloaded` otherwise: publish again, it is safe."""
        headers = {"Nats-Msg-Id": f"{chunk.space}.{chunk.doors_open_ms}.{chunk.number}"}
        if not self.bus.connected:
            raise Overloaded("The bus is away.", retry_after_s=0.2)
        try:
            await self.bus.js.publish(
                subject(chunk.space), wire.encode(chunk), timeout=ACK_S, stream=STREAM, headers=headers
            )
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            raise Overloaded(f"The bus did not take the chunk: {error!r}.", retry_after_s=0.2) from error

    async def announce(self, chunk: Chunk) -> None:
        """Says a chunk to whoever listens now; at most once, and without any promise."""
        await self.bus.publish(live_subject(chunk.space), wire.encode(chunk))

    async def hear(self, space: str, heard: Callable[[Chunk], None]) -> Unsubscribe:
        """Calls ``heard`` with every chunk that is announced, in any order; returns the way to stop."""

        def receive(_: str, payload: bytes) -> None:
            chunk = self._decode(space, payload)
            if chunk is not None and self._admits(chunk):
                for each in unfold(chunk):
                    heard(each)

        return await self.bus.subscribe(live_subject(space), receive)

    async def last(self, space: str) -> int:
        """The highest number published, -1 when there is none, or a false one: then publish again, which is safe.

        Raises :class:`Overloaded` without the bus.
        """
        try:
            message = await self.bus.js.get_last_msg(STREAM, subject(space), direct=True)
        except nats.js.errors.NotFoundError:
            return -1
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=0.2) from error
        chunk = self._decode(space, message.data or b"")
        return chunk.number if chunk is not None and self._admits(chunk) else -1

    async def follow(
        self, space: str, *, doors_open_ms: int, start: int, calm: Calm | None = None, look_s: float = LOOK_S
    ) -> AsyncGenerator[Chunk, None]:
        """Every chunk from number ``start`` on, in order, each once, for ever; ``look_s`` lies between two looks.

        Survives the loss and the restart of the bus. A number is missing only if nobody published it. Messages that
        are not chunks are skipped and counted in ``malformed``, and so are numbers far ahead. While this process's own
        clock is wrong nothing is given: what was refused then is read again once the clock is right.
        """
        number, epoch, calm = start, -1, calm or Calm()
        again = False
        """Our clock was wrong: when it is right, all from ``number`` on is read once more."""
        while True:
            heed_cancel()
            if epoch != self.bus.epoch:  # the log may be another one
                epoch, reader = self.bus.epoch, self._reader(space, doors_open_ms, number)
            try:
                found = await reader.next()
            except Overloaded:
                await self.bus.pause()
                continue
            for message in found:
                chunk = self._decode(space, message.data)
                if chunk is None:
                    continue
                if not self._admits(chunk):
                    again = again or self.horizon.clock_wrong
                elif again and not self.horizon.clock_wrong:
                    reader, again = self._reader(space, doors_open_ms, number), False
                    break
                elif not again and chunk.number >= number and chunk.doors_open_ms == doors_open_ms:
                    first, number = number, chunk.number + 1
                    for each in unfold(chunk, first):
                        yield each
            if not reader.left:
                await calm.sleep(look_s, CALM_LOOK_S)

    def _admits(self, chunk: Chunk) -> bool:
        if self.horizon.admits(grid.chunk_start(chunk.number, chunk.doors_open_ms / 1000), self._clock()):
            return True
        now = asyncio.get_running_loop().time()
        if now - self._said >= SAID_S:
            self._said = now
            self.bus.log.warning(
                "number-ahead",
                space=chunk.space,
                number=chunk.number,
                refused=self.horizon.refused,
                own_clock_wrong=self.horizon.clock_wrong,
            )
        return False

    def _reader(self, space: str, doors_open_ms: int, number: int) -> StoredMessages:
        """Reads the log from the time of chunk ``number`` on."""
        at = max(0.0, grid.chunk_start(number, doors_open_ms / 1000) - EARLY_S)
        since = datetime.datetime.fromtimestamp(at, datetime.UTC)
        return StoredMessages(self.bus, STREAM, subject(space), since=since, batch=BATCH)

    def _decode(self, space: str, payload: bytes) -> Chunk | None:
        """None, counted in ``malformed``, for what is no chunk of this space: the server's own answers, for one."""
        try:
            chunk = wire.decode(payload)
        except Malformed:
            chunk = None
        if chunk is None or chunk.space != space:
            self.malformed += 1
            return None
        return chunk
