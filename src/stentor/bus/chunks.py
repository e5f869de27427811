"""The log of chunks: JetStream stream ``CHUNKS``, one subject ``chunk.<space>`` a space, one message a chunk.

A message's id is ``<space>.<doors open>.<number>``: the copy of a twin is dropped by the server. Whoever reads keeps
its own place (the edge in its window, the archive in its manifest), so the server keeps no durable consumers.

What is heard does not wait for the log: each chunk is also said once on ``live.<space>``, which nobody keeps. A
cluster that has lost the log's leader takes nothing into the log until it has another, and goes on carrying those.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import nats.errors
import nats.js.errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext

from stentor.audio import grid
from stentor.base.clock import Clock, wall
from stentor.base.errors import Malformed, Overloaded
from stentor.bus.connection import Bus, Unsubscribe, heed_cancel
from stentor.wire import chunk as wire
from stentor.wire.chunk import Chunk
from stentor.wire.horizon import Horizon

STREAM = "CHUNKS"
DUPLICATE_WINDOW_S = 300.0
"""A copy is recognised for so long; a programme publishes again what is at most this old."""
ACK_S = 2.0
WAIT_S = 0.5
"""How long one request for the next chunk waits at the server; also the time to notice a new connection."""
SILENCE_S = 5.0
"""After so long without a message a reader is made anew: whatever befell the old one, at either end, is over then."""
IDLE_S = 60.0
"""The server forgets a reader that has not asked for so long."""
EARLY_S = 10.0
"""Reading by time begins this much before the chunk's own time: clocks of machines differ."""
SAID_S = 60.0
"""So often at most the log of a process says that something was refused."""


def subject(space: str) -> str:
    return f"chunk.{space}"


def live_subject(space: str) -> str:
    return f"live.{space}"


class ChunkLog:
    """Every published chunk of every space, for ``hours`` hours."""

    def __init__(self, bus: Bus, *, hours: float = 24.0, clock: Clock = wall) -> None:
        self.bus = bus
        self.hours = hours
        self.malformed = 0
        self.horizon = Horizon()
        """What was refused because it is far ahead of ``clock``."""
        self._clock = clock
        self._said = -SAID_S

    async def ready(self) -> None:
        """Makes the stream; does nothing when it is there. Raises :class:`Overloaded` without the bus."""
        config = StreamConfig(
            name=STREAM,
            subjects=["chunk.*"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=self.hours * 3600,
            duplicate_window=DUPLICATE_WINDOW_S,
            allow_direct=True,
            num_replicas=self.bus.copies,
        )
        try:
            try:
                await self.bus.js.add_stream(config)
            except nats.js.errors.BadRequestError:  # it is there with other settings; the replicas are the operator's
                config.num_replicas = (await self.bus.js.stream_info(STREAM)).config.num_replicas
                await self.bus.js.update_stream(config)
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            raise Overloaded(f"The bus has no log of chunks: {error!r}.", retry_after_s=1.0) from error

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
            try:
                chunk = wire.decode(payload)
            except Malformed:
                self.malformed += 1
                return
            if self._admits(chunk):
                heard(chunk)

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
        chunk = wire.decode(message.data or b"")
        return chunk.number if self._admits(chunk) else -1

    async def follow(self, space: str, *, doors_open_ms: int, start: int) -> AsyncGenerator[Chunk, None]:
        """Every chunk from number ``start`` on, in order, each once, for ever.

        Survives the loss and the restart of the bus. A number is missing only if nobody published it. Messages that
        are not chunks are skipped and counted in ``malformed``, and so are numbers far ahead. While this process's own
        clock is wrong nothing is given: what was refused then is read again once the clock is right.
        """
        sequence: int | None = None
        back_to: tuple[int | None] | None = None
        """In a tuple: where to read again from when our clock is right."""
        trusted: int | None = None
        """The last message that was taken."""
        number = start
        now = asyncio.get_running_loop().time
        while True:
            heed_cancel()
            epoch, heard = self.bus.epoch, now()
            reader = await self._reader(space, doors_open_ms, number, sequence)
            if reader is None:
                await self.bus.pause()
                continue
            delivered = 0
            try:
                while epoch == self.bus.epoch and now() - heard < SILENCE_S:
                    heed_cancel()
                    try:
                        [message] = await reader.fetch(1, timeout=WAIT_S)
                    except (nats.errors.TimeoutError, TimeoutError):
                        continue
                    heard = now()
                    delivered += 1
                    if message.metadata.sequence.consumer != delivered:
                        break  # the server has sent one into a connection that was gone: once more from there
                    sequence = message.metadata.sequence.stream
                    try:
                        chunk = wire.decode(message.data)
                    except Malformed:
                        self.malformed += 1
                        continue
                    if not self._admits(chunk):
                        if self.horizon.clock_wrong and back_to is None:
                            back_to = (trusted,)
                        continue
                    if back_to is not None:
                        if self.horizon.clock_wrong:
                            continue
                        (sequence,), back_to = back_to, None
                        break
                    trusted = sequence
                    if chunk.number >= number and chunk.doors_open_ms == doors_open_ms:
                        number = chunk.number + 1
                        yield chunk
            except (nats.errors.Error, nats.js.errors.Error, OSError):
                await self.bus.pause()
            finally:
                await self._close(reader)

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

    async def _reader(
        self, space: str, doors_open_ms: int, number: int, sequence: int | None
    ) -> JetStreamContext.PullSubscription | None:
        """A reader at the server from the message after ``sequence``, or from the time of chunk ``number``."""
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=IDLE_S, mem_storage=True)
        if sequence is not None:
            config.deliver_policy = DeliverPolicy.BY_START_SEQUENCE
            config.opt_start_seq = sequence + 1
        else:
            at = max(0.0, grid.chunk_start(number, doors_open_ms / 1000) - EARLY_S)
            config.deliver_policy = DeliverPolicy.BY_START_TIME
            config.opt_start_time = datetime.datetime.fromtimestamp(at, datetime.UTC)
        if not self.bus.connected:
            return None
        try:
            return await self.bus.js.pull_subscribe(subject(space), stream=STREAM, config=config)
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError):
            return None

    async def _close(self, reader: JetStreamContext.PullSubscription) -> None:
        with suppress(nats.errors.Error, OSError):  # without a connection the server's side ends by itself
            await reader.unsubscribe()
