"""What leaves the site: jobs in a stream that is a queue. The house puts them, couriers take them.

A job stays in the queue until a courier says that it is settled, however often bus, house or couriers are killed
meanwhile. It carries ids and never a secret or a text: who does it reads in the database what is so then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
TOGETHER: Final = 16
"""Jobs of one message: a sixteenth of the queue's work, and one that is slow keeps few others from being forgotten."""
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
    once: bool = False
    """Many hosts are told at the same time, each once: no connection is kept for what comes next."""


class JobBatch(OutgoingJob, frozen=True, kw_only=True):
    """A message with several jobs. Its own kind is :data:`BATCH`, which a courier of an older version does not know,
    and leaves to a newer one."""

    jobs: list[OutgoingJob] = []


BATCH: Final = "batch"
_decoder = msgspec.json.Decoder(JobBatch)


class _JobMessage:
    """A message in the hands of a courier. The queue hears of it when all of its jobs are over: it forgets it, or gives
    all of it out again when the first of those is due that are to come later. What is done by then is known by its row
    (``store.deliveries``)."""

    def __init__(self, bus: Bus, message: Msg, jobs: int) -> None:
        self._bus, self._message, self._left = bus, message, jobs
        self._later_s: float | None = None

    async def over(self, later_s: float | None) -> None:
        """One of its jobs is; None: for good."""
        if later_s is not None:
            self._later_s = later_s if self._later_s is None else min(self._later_s, later_s)
        self._left -= 1
        if self._left == 0:
            delay = self._later_s
            await self._say(self._message.ack if delay is None else lambda: self._message.nak(delay=max(0.1, delay)))

    async def go_on(self) -> None:
        await self._say(self._message.in_progress)

    async def _say(self, what: Callable[[], Awaitable[None]]) -> None:
        try:
            await what()
        except FAILED:
            self._bus.dropped += 1


class TakenJob:
    """A job in the hands of a courier, who ends with one of :meth:`settle` and :meth:`later`.

    Raises nothing when the bus is away: the queue then gives the job out again after ``streams.JOB_TAKEN_S``.
    """

    def __init__(self, job: OutgoingJob, message: _JobMessage) -> None:
        self.job, self._message = job, message

    async def settle(self) -> None:
        """It is done, or given up: the queue forgets it."""
        await self._message.over(None)

    async def later(self, after_s: float) -> None:
        """It is given out again so many seconds from now, or sooner with another one of its message."""
        await self._message.over(after_s)

    async def go_on(self) -> None:
        """It is being worked on: nobody else gets it for another ``streams.JOB_TAKEN_S``."""
        await self._message.go_on()


class JobQueue:
    """The queue as one process sees it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._taking: JetStreamContext.PullSubscription | None = None
        self._epoch = -1
        self._together = 1
        """Jobs of a message, of those that came last."""

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
        return await self._publish(kind, job, key)

    async def put_together(self, jobs: Sequence[OutgoingJob]) -> None:
        """Orders some jobs of one kind that are due at the same time, :data:`TOGETHER` at most, by one message. Raises
        as :meth:`put`."""
        first, keys = jobs[0], " ".join(each.key for each in jobs)
        batch = JobBatch(
            kind=BATCH, key=_name(keys), host="", what=first.what, made_ms=first.made_ms, due_ms=first.due_ms,
            jobs=list(jobs),
        )  # fmt: skip
        await self._publish(first.kind, batch if len(jobs) > 1 else first, keys)

    async def _publish(self, kind: str, job: OutgoingJob, keys: str) -> bool:
        headers = {Header.MSG_ID.value: _name(f"{kind} {keys}")}
        try:
            said = await self.bus.while_connected(
                self.bus.js.publish(f"job.{kind}", msgspec.json.encode(job), headers=headers)
            )
        except FAILED as error:
            raise Overloaded(f"The bus did not take a job: {error!r}.", retry_after_s=1.0) from error
        return not said.duplicate

    async def take(self, most: int) -> list[TakenJob]:
        """The next jobs, about ``most``: it is known of messages before how many jobs they held. Empty when none came
        for :data:`ASK_S`. Raises :class:`Overloaded`."""
        try:
            taking = await self._subscription()
            messages = await taking.fetch(max(1, most // self._together), timeout=ASK_S)
        except TimeoutError:
            return []
        except FAILED as error:
            self._epoch = -1
            raise Overloaded(f"The bus gives no jobs: {error!r}.", retry_after_s=1.0) from error
        taken = list[TakenJob]()
        for message in messages:
            try:
                found = _decoder.decode(message.data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.bus.log.error("job-unread", subject=message.subject)
                await message.term()
            else:
                jobs = found.jobs or [found]
                shared = _JobMessage(self.bus, message, len(jobs))
                taken += [TakenJob(each, shared) for each in jobs]
        if messages:
            self._together = max(1, len(taken) // len(messages))
        return taken

    async def _subscription(self) -> JetStreamContext.PullSubscription:
        if self._taking is None or self._epoch != self.bus.epoch:
            old, self._taking = self._taking, None
            if old is not None:
                await old.unsubscribe()
            self._taking = await self.bus.js.pull_subscribe_bind(COURIER, JOBS)
            self._epoch = self.bus.epoch
        return self._taking


def _name(text: str) -> str:
    """By which the bus knows a copy."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
