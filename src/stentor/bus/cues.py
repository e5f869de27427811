"""The log of cues: JetStream stream ``CUES``, one subject ``cue.<space>`` a space, one message a cue.

Who follows a space hears new cues as plain messages, and reads the stream once with each new connection: what was
missed meanwhile comes then, and a cue that comes twice is the same (``wire.cue.Collection``).
"""

from __future__ import annotations

import datetime
from contextlib import suppress

import nats.errors
import nats.js.errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext

from stentor.base.clock import Clock, wall
from stentor.base.errors import Malformed, Overloaded
from stentor.bus.connection import Bus
from stentor.wire import cue as wire
from stentor.wire.cue import Cue
from stentor.wire.horizon import ahead

STREAM = "CUES"
DUPLICATE_WINDOW_S = 300.0
ACK_S = 2.0
BATCH = 256
IDLE_S = 30.0
"""The server forgets a reader that has not asked for so long."""
WAIT_S = 1.0
_FAILED = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


class CueLog:
    """Every published cue of every space, for ``hours`` hours; the transcripts in the object store stay."""

    def __init__(self, bus: Bus, *, hours: float = 24.0, clock: Clock = wall) -> None:
        self.bus = bus
        self.hours = hours
        self.malformed = 0
        self._clock = clock

    async def ready(self) -> None:
        """Makes the stream; does nothing when it is there. Raises :class:`Overloaded` without the bus."""
        config = StreamConfig(
            name=STREAM,
            subjects=[wire.subject("*")],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=self.hours * 3600,
            duplicate_window=DUPLICATE_WINDOW_S,
        )
        try:
            try:
                await self.bus.js.add_stream(config)
            except nats.js.errors.BadRequestError:  # it is there with other settings; the replicas are the operator's
                config.num_replicas = (await self.bus.js.stream_info(STREAM)).config.num_replicas
                await self.bus.js.update_stream(config)
        except _FAILED as error:
            raise Overloaded(f"The bus has no log of cues: {error!r}.", retry_after_s=1.0) from error

    async def publish(self, cue: Cue) -> None:
        """Returns when the server has it on disk. Raises :class:`Overloaded` otherwise: publish again, it is safe."""
        headers = {"Nats-Msg-Id": f"{cue.space}.{cue.doors_open_ms}.{cue.start_ms}.{cue.seat}"}
        if not self.bus.connected:
            raise Overloaded("The bus is away.", retry_after_s=0.2)
        try:
            await self.bus.js.publish(
                wire.subject(cue.space), wire.encode(cue), timeout=ACK_S, stream=STREAM, headers=headers
            )
        except _FAILED as error:
            raise Overloaded(f"The bus did not take the cue: {error!r}.", retry_after_s=0.2) from error

    async def read(self, space: str, *, doors_open_ms: int) -> list[Cue]:
        """All cues of this run of the space, in the order in which they were published; none without a stream.

        Raises :class:`Overloaded` without the bus. Messages that are no cues are skipped and counted in
        ``malformed``; cues from far ahead are left out.
        """
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=IDLE_S, mem_storage=True)
        config.deliver_policy = DeliverPolicy.BY_START_TIME
        config.opt_start_time = datetime.datetime.fromtimestamp(doors_open_ms / 1000, datetime.UTC)
        try:
            reader = await self.bus.js.pull_subscribe(wire.subject(space), stream=STREAM, config=config)
        except nats.js.errors.NotFoundError:
            return []
        except _FAILED as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=0.2) from error
        try:
            found, now = await self._drain(reader), self._clock()
            return [
                cue
                for cue in found
                if cue.doors_open_ms == doors_open_ms and not ahead((doors_open_ms + cue.end_ms) / 1000, now)
            ]
        except _FAILED as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=0.2) from error
        finally:
            with suppress(nats.errors.Error, OSError):  # without a connection the server's side ends by itself
                await reader.unsubscribe()

    async def _drain(self, reader: JetStreamContext.PullSubscription) -> list[Cue]:
        """What there is now."""
        found: list[Cue] = []
        pending = (await reader.consumer_info()).num_pending or 0
        while pending > 0:
            messages = await reader.fetch(min(BATCH, pending), timeout=WAIT_S)
            for message in messages:
                try:
                    found.append(wire.decode(message.data))
                except Malformed:
                    self.malformed += 1
            pending = messages[-1].metadata.num_pending
        return found
