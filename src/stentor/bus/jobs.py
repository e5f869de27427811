"""What leaves the site: jobs in a stream that is a queue. The house puts them, couriers take them.

A job stays in the queue until a courier says that it is settled, however often bus, house or couriers are killed
meanwhile. It carries ids and never a secret or a text: who does it reads in the database what is so then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import Header

from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus
from stentor.bus.streams import COURIER, JOBS

ASK_S: Final = 5.0
"""So long a courier waits for the next job before it asks again."""
FAILED = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)

Payload = Mapping[str, str | int]


class OutgoingJob(msgspec.Struct, frozen=True, kw_only=True):
    """One job. ``kind`` chooses who does it; ``key`` names it, and what has the same key is the same job.

    ``host`` is where it goes, as ``name:port``: one host's jobs wait for each other and for nobody else's.
    """

    kind: str
    key: str
    host: str
    subject: str = ""
    """Joins what is listed together, such as ``webhook 3``."""
    what: str = ""
    """In one word what is sent, such as the type of an event."""
    payload: dict[str, str | int] = {}
    made_ms: int
    """When it was ordered; a job that is very old is given up."""
    due_ms: int = 0
    """It is not begun before."""


_decoder = msgspec.json.Decoder(OutgoingJob)


class TakenJob:
    """A job in the hands of a courier, who ends with one of :meth:`settle` and :meth:`later`.

    Raises nothing when the bus is away: the queue then gives the job out again after ``streams.JOB_TAKEN_S``.
    """

    def __init__(self, bus: Bus, job: OutgoingJob, message: Msg) -> None:
        self.job = job
        self._bus, self._message = bus, message

    async def settle(self) -> None:
        """It is done, or given up: the queue forgets it."""
        await self._say(self._message.ack)

    async def later(self, after_s: float) -> None:
        """It is given out again so many seconds from now."""
        await self._say(lambda: self._message.nak(delay=max(0.1, after_s)))

    async def go_on(self) -> None:
        """It is being worked on: nobody else gets it for another ``streams.JOB_TAKEN_S``."""
        await self._say(self._message.in_progress)

    async def _say(self, what: Callable[[], Awaitable[None]]) -> None:
        try:
            await what()
        except FAILED:
            self._bus.dropped += 1


class JobQueue:
    """The queue as one process sees it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._taking: JetStreamContext.PullSubscription | None = None
        self._epoch = -1

    async def put(
        self,
        kind: str,
        key: str,
        payload: Payload,
        *,
        host: str,
        now_ms: int,
        due_ms: int = 0,
        subject: str = "",
        what: str = "",
    ) -> bool:
        """Orders a job; False when one of this key was ordered within the last minutes, which is then the only one.

        Raises :class:`Overloaded` without the bus, or when the queue is full: order it again later.
        """
        job = OutgoingJob(
            kind=kind,
            key=key,
            host=host,
            subject=subject,
            what=what,
            payload=dict(payload),
            made_ms=now_ms,
            due_ms=due_ms,
        )
        name = hashlib.sha256(f"{kind} {key}".encode()).hexdigest()[:32]
        try:
            said = await self.bus.while_connected(
                self.bus.js.publish(f"job.{kind}", msgspec.json.encode(job), headers={Header.MSG_ID.value: name})
            )
        except FAILED as error:
            raise Overloaded(f"The bus did not take a job: {error!r}.", retry_after_s=1.0) from error
        return not said.duplicate

    async def take(self, most: int) -> list[TakenJob]:
        """The next jobs, ``most`` at most; empty when none came for :data:`ASK_S`. Raises :class:`Overloaded`."""
        try:
            taking = await self._subscription()
            messages = await taking.fetch(most, timeout=ASK_S)
        except TimeoutError:
            return []
        except FAILED as error:
            self._epoch = -1
            raise Overloaded(f"The bus gives no jobs: {error!r}.", retry_after_s=1.0) from error
        taken = []
        for message in messages:
            try:
                taken.append(TakenJob(self.bus, _decoder.decode(message.data), message))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.bus.log.error("job-unread", subject=message.subject)
                await message.term()
        return taken

    async def _subscription(self) -> JetStreamContext.PullSubscription:
        if self._taking is None or self._epoch != self.bus.epoch:
            old, self._taking = self._taking, None
            if old is not None:
                await old.unsubscribe()
            self._taking = await self.bus.js.pull_subscribe_bind(COURIER, JOBS)
            self._epoch = self.bus.epoch
        return self._taking
