"""Does what was decided and is still to be done: the jobs in the database (``store.jobs``), one house at a time.

How to add a kind:

1. Write a handler, ``async def hide(job: Job) -> None``, beside what it works on. It looks up what is so *now* and
   does what is left of it. Doing it again does no harm, for a house may die in the middle, or two do it at once. It
   raises what it meets (:class:`Overloaded` when something does not answer) and is tried again; where that is of no
   use any more it returns the code of why it was given up.
2. Give it its name in the mapping that the role passes to :class:`JobKeeper`.
3. Where it is decided, call ``add_jobs(connection, [Wanted("hide", key=space)], now_ms=…)`` in the same transaction.

A job that is large is better many small ones: each is done, and seen to be done, by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded, StentorError
from stentor.bus.connection import heed_cancel
from stentor.bus.lease import Lease
from stentor.store.jobs import Job, Jobs

LOOK_S: Final = 1.0
AT_ONCE: Final = 3
"""One connection of the database stays free for people who wait."""
READ_AT_ONCE: Final = 60
MOST_PATIENCE_MS: Final = 30_000
"""So long after a failure at most it is tried again: what people wait for is done soon after all is well again."""
FORGET_S: Final = 3600.0
COUNT_S: Final = 10.0

Handler = Callable[[Job], Awaitable[str | None]]
Patience = Callable[[int], int]
"""How many ms to wait after so many tries that failed."""


def soon_ms(attempts: int) -> int:
    """A second, doubled up to :data:`MOST_PATIENCE_MS`."""
    return min(MOST_PATIENCE_MS, 1000 << min(attempts, 10))


class JobKeeper:
    """``run`` and the lease are tasks of the role: who has the lease does jobs, ``at_once`` so many."""

    def __init__(
        self,
        jobs: Jobs,
        handlers: Mapping[str, Handler],
        lease: Lease,
        clock: Clock,
        *,
        at_once: int = AT_ONCE,
        patience: Patience = soon_ms,
        number: str = "jobs_waiting",
    ) -> None:
        """``number`` is what the heartbeat calls those that wait."""
        self._jobs, self._handlers, self._clock = jobs, dict(handlers), clock
        self._at_once, self._patience, self._number = at_once, patience, number
        self.lease = lease
        self._queue: asyncio.Queue[Job] = asyncio.Queue()
        """At most :data:`READ_AT_ONCE`."""
        self._mine: set[int] = set()
        """In the queue, or under way."""
        self._drained = asyncio.Event()
        self._waiting = 0
        self._log = log.get("house")

    def numbers(self) -> dict[str, float]:
        """For the status of the house that has the lease."""
        return {self._number: float(self._waiting)} if self.lease.held else {}

    def also(self, handlers: Mapping[str, Handler]) -> None:
        """More kinds, whose handlers were not there yet when this was made; before :meth:`run`."""
        self._handlers |= handlers

    async def run(self) -> None:
        """Looks for jobs, and does them; for ever."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._at_once):
                tasks.create_task(self._work(), name=f"house job {number}")
            await self._look_for_ever()

    async def _look_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        counted_s = forgot_s = float("-inf")
        while True:
            heed_cancel()
            self._drained.clear()
            if self.lease.held:
                with suppress(Overloaded):  # the database is away: again in a second
                    await self._look()
                    if loop.time() - counted_s > COUNT_S:
                        self._waiting, counted_s = await self._jobs.waiting(), loop.time()
                    if loop.time() - forgot_s > FORGET_S:
                        await self._jobs.forget(now_ms=unix_ms(self._clock()))
                        forgot_s = loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._drained.wait()

    async def _look(self) -> None:
        mine = self._mine.copy()  # one that is done while they are read is still among them
        for job in await self._jobs.due(unix_ms(self._clock()), limit=READ_AT_ONCE):
            if job.id not in mine:
                self._mine.add(job.id)
                self._queue.put_nowait(job)

    async def _work(self) -> None:
        while True:
            heed_cancel()
            job = await self._queue.get()
            try:
                with suppress(Overloaded):  # the database does not know of it: it is done again
                    await self._do(job)
            finally:
                self._mine.discard(job.id)
            if self._queue.empty():
                self._drained.set()

    async def _do(self, job: Job) -> None:
        over, trouble = await self._tried(job)
        now_ms = unix_ms(self._clock())
        if over:
            await self._jobs.done(job.id, now_ms=now_ms, trouble=trouble)
        else:
            await self._jobs.failed(job, trouble=trouble, due_ms=now_ms + self._patience(job.attempts))

    async def _tried(self, job: Job) -> tuple[bool, str]:
        """Tries a job: whether it is over, and the code of what it met."""
        handler = self._handlers.get(job.kind)
        if handler is None:  # a newer house has ordered it, and will do it
            self._log.warning("job-unknown", kind=job.kind, job=job.id)
            return False, "job-unknown"
        try:
            given_up = await handler(job)
        except StentorError as error:
            self._log.warning("job-failed", kind=job.kind, job=job.id, code=error.error_code, detail=error.detail)
            return False, error.error_code
        except Exception:  # noqa: BLE001 the outermost boundary of a job: a broken one keeps no others waiting
            self._log.exception("job-broken", kind=job.kind, job=job.id)
            return False, "internal-error"
        self._log.info("job-given-up" if given_up else "job-done", kind=job.kind, job=job.id)
        return True, given_up or ""
