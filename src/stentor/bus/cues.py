"""The log of cues: JetStream stream ``CUES``, one subject ``cue.<space>`` a space, one message a cue.

Who follows a space hears new cues as plain messages, and reads the stream once with each new connection: what was
missed meanwhile comes then, and a cue that comes twice is the same (``wire.cue.Collection``).
"""

from __future__ import annotations

import datetime

import nats.errors
import nats.js.errors

from stentor.base.clock import Clock, wall
from stentor.base.errors import Malformed, Overloaded
from stentor.bus.connection import Bus
from stentor.bus.stored import StoredMessages
from stentor.bus.streams import CUES as STREAM
from stentor.wire import cue as wire
from stentor.wire.cue import Cue
from stentor.wire.horizon import Horizon

ACK_S = 2.0
_FAILED = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


class CueLog:
    """Every published cue of every space, for the hours of ``STENTOR_BUS_HOURS``; transcripts are kept longer."""

    def __init__(self, bus: Bus, *, clock: Clock = wall) -> None:
        self.bus = bus
        self.malformed = 0
        self.horizon = Horizon()
        self._clock = clock

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
        """All cues of this run of the space, in the order in which they were published.

        Raises :class:`Overloaded` without the bus. Messages that are no cues are skipped and counted in
        ``malformed``; cues from far ahead are left out and counted in ``horizon``.
        """
        since = datetime.datetime.fromtimestamp(doors_open_ms / 1000, datetime.UTC)
        reader = StoredMessages(self.bus, STREAM, wire.subject(space), since=since)
        found: list[Cue] = []
        while messages := await reader.next():
            for message in messages:
                try:
                    cue = wire.decode(message.data)
                except Malformed:
                    self.malformed += 1
                    continue
                if cue.space == space and cue.doors_open_ms == doors_open_ms and self.admits(cue):
                    found.append(cue)
        return found

    def admits(self, cue: Cue) -> bool:
        """Whether to take a cue; one from far ahead is refused and counted."""
        return self.horizon.admits((cue.doors_open_ms + cue.end_ms) / 1000, self._clock())
