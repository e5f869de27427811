"""The log of cues: JetStream stream ``CUES``, one message a cue.

What was recognised is on ``cue.<space>``, what somebody corrected of it on ``correction.<space>``, by the house.

Who follows a space hears new cues as plain messages, and reads the stream once with each new connection: what was
missed meanwhile comes then, and a cue that comes twice is the same (``wire.cue.Collection``).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

import nats.errors
import nats.js.errors

from stentor.base.clock import Clock, wall
from stentor.base.errors import Malformed, Overloaded
from stentor.bus.connection import Bus, Unsubscribe
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
        message, subject = f"{cue.space}.{cue.doors_open_ms}.{cue.start_ms}.{cue.seat}", wire.subject(cue.space)
        if cue.corrected is not None:
            message, subject = f"{message}.{cue.corrected.at_ms}", wire.correction_subject(cue.space)
        headers = {"Nats-Msg-Id": message}
        if not self.bus.connected:
            raise Overloaded("The bus is away.", retry_after_s=0.2)
        try:
            await self.bus.js.publish(subject, wire.encode(cue), timeout=ACK_S, stream=STREAM, headers=headers)
        except _FAILED as error:
            raise Overloaded(f"The bus did not take the cue: {error!r}.", retry_after_s=0.2) from error

    async def read(self, space: str, *, doors_open_ms: int, since_ms: int = 0) -> list[Cue]:
        """All cues of this run of the space in the order in which they were published, then all corrections.

        ``since_ms`` leaves out what was published before it; it counts from the opening of the doors.

        Raises :class:`Overloaded` without the bus. Messages that are no cues are skipped and counted in
        ``malformed``; cues from far ahead are left out and counted in ``horizon``.
        """
        since = datetime.datetime.fromtimestamp((doors_open_ms + since_ms) / 1000, datetime.UTC)
        found: list[Cue] = []
        for subject in (wire.subject(space), wire.correction_subject(space)):
            reader = StoredMessages(self.bus, STREAM, subject, since=since)
            while messages := await reader.next():
                cues = [self._cue(message.data) for message in messages]
                found += [cue for cue in cues if cue and (cue.space, cue.doors_open_ms) == (space, doors_open_ms)]
        return found

    async def follow(self, space: str, hear: Callable[[Cue], object]) -> None:
        """Gives ``hear`` what the captions of ``space`` (``*``: of all) say from now on, and what is corrected."""
        await self.bus.subscribe(wire.subject(space), lambda _, payload: self._hear(payload, hear))
        await self.follow_corrections(space, hear)

    async def follow_corrections(self, space: str, hear: Callable[[Cue], object]) -> Unsubscribe:
        """The same of corrections alone; returns what ends it."""
        return await self.bus.subscribe(wire.correction_subject(space), lambda _, payload: self._hear(payload, hear))

    def _hear(self, payload: bytes, hear: Callable[[Cue], object]) -> None:
        if (cue := self._cue(payload)) is not None:
            hear(cue)

    def _cue(self, message: bytes) -> Cue | None:
        """None for what is no cue (a newer or a broken process sent it) or is refused; both are counted."""
        try:
            cue = wire.decode(message)
        except Malformed:
            self.malformed += 1
            return None
        return cue if self.admits(cue) else None

    def admits(self, cue: Cue) -> bool:
        """Whether to take a cue; one from far ahead is refused and counted."""
        return self.horizon.admits((cue.doors_open_ms + cue.end_ms) / 1000, self._clock())
