"""Takes jobs from the queue and sees to it that each is done, tried again at its time, or given up."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.drain import Drain, ended
from stentor.base.errors import Overloaded, StentorError
from stentor.bus.connection import heed_cancel
from stentor.bus.jobs import JobQueue, OutgoingJob, TakenJob
from stentor.bus.streams import JOB_TAKEN_S
from stentor.courier.attempt import Attempt, GivenUp, Handler
from stentor.courier.lane import AT_ONCE, HostLane
from stentor.courier.schedule import again_s, too_old
from stentor.store.deliveries import Deliveries, DeliveryRow, DeliveryState

MOST_HELD: Final = 256
"""Jobs in the hands of one courier; the others stay in the queue."""
SLOW_S: Final = 2.0
"""A job that takes longer waits for somebody who is dead or ill: it keeps no place that another one could have."""
LOOK_S: Final = 0.5
"""So often it is looked for those while there is no room for more."""
MOST_SLOW: Final = 2000
"""Of those, each with a connection. They cost no processor: a dead host takes 15 s at most, and then is left alone."""
BATCH: Final = 64
GATHER_S: Final = 0.2
"""With others in hand, so long is waited for more: a look into the database costs for one as much as for many."""
RETRY_S: Final = 1.0
BUSY_S: Final = 2.0
"""A job whose host has enough in hand comes back after so long, and up to twice that."""
MOST_LANES: Final = 20_000
"""Hosts that are remembered; a small site has a hundred."""
FORGET_S: Final = 3600.0
GO_ON_S: Final = JOB_TAKEN_S / 4
"""Who has waited so long for its host tells the queue that it is still there."""
HAND_S: Final = 8.0
"""So long may what is under way take when the process is told to go; the queue gives out again what took longer."""


class _Settled(NamedTuple):
    """A job with what is to be written down of it; ``later_s`` None: the queue forgets it."""

    taken: TakenJob
    row: DeliveryRow
    later_s: float | None


class Dispatcher:
    """``run`` is a task of the role."""

    def __init__(
        self,
        queue: JobQueue,
        deliveries: Deliveries,
        handlers: Mapping[str, Handler],
        clock: Clock,
        *,
        given_up: Mapping[str, GivenUp] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.done = self.failed = self.given_up = 0
        self._queue, self._deliveries, self._handlers = queue, deliveries, handlers
        self._tell_given_up = given_up or {}
        self._clock, self._monotonic, self._chance = clock, monotonic, chance
        self._lanes: dict[str, HostLane] = {}
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._quick: dict[asyncio.Task[None], float] = {}
        """Those that have not taken :data:`SLOW_S` yet, by when they began, which is their order."""
        self._freed = asyncio.Event()
        self._settled: asyncio.Queue[_Settled] = asyncio.Queue()
        """What is done and not written down yet: what came of a fifth of a second."""
        self._leaving = False
        self._log = log.get("courier")

    def numbers(self) -> dict[str, float]:
        """For the heartbeat."""
        now = self._monotonic()
        return {
            "jobs_held": float(len(self._tasks)),
            "jobs_done": float(self.done),
            "jobs_failed": float(self.failed),
            "jobs_given_up": float(self.given_up),
            "hosts_left_alone": float(sum(lane.wait_s(now) > 0 for lane in self._lanes.values())),
        }

    async def run(self) -> None:
        """For ever. What is under way when it is cancelled is cut off, and given out again by the queue."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take(), name="take jobs")
                group.create_task(self._write(), name="write down")
                group.create_task(self._forget(), name="forget deliveries")
        finally:
            await ended(self._tasks)

    async def emptied(self, drain: Drain) -> None:
        """Waits until the process is told to go; then takes nothing more, and finishes what is under way."""
        await drain.asked()
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(HAND_S):
                if self._tasks:
                    await asyncio.wait(self._tasks)
                await self._settled.join()

    async def _take(self) -> None:
        while not self._leaving:
            heed_cancel()
            if (room := self._room) <= 0:
                self._freed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._freed.wait()
                continue
            try:
                taken = await self._due(await self._queue.take(min(room, BATCH)))
                known = await self._deliveries.known({(each.job.kind, each.job.key) for each in taken})
            except Overloaded:  # the bus or the database is away; what was taken comes again
                await asyncio.sleep(RETRY_S)
                continue
            for each in taken:
                await self._accept(each, known.get((each.job.kind, each.job.key)))
            if taken and len(taken) < BATCH and len(self._quick) > len(taken):
                await asyncio.sleep(GATHER_S)

    @property
    def _room(self) -> int:
        """So many more jobs may be taken."""
        slow = self._monotonic() - SLOW_S
        while self._quick and (oldest := next(iter(self._quick.items())))[1] < slow:
            del self._quick[oldest[0]]
        return min(MOST_HELD - len(self._quick), MOST_HELD + MOST_SLOW - len(self._tasks))

    async def _due(self, taken: Sequence[TakenJob]) -> Sequence[TakenJob]:
        """Those that may begin; the others come again at their time, and nobody has looked them up."""
        now_ms, found = unix_ms(self._clock()), list[TakenJob]()
        for each in taken:
            if each.job.due_ms > now_ms:
                await each.later((each.job.due_ms - now_ms) / 1000)
            else:
                found.append(each)
        return found

    async def _accept(self, taken: TakenJob, row: DeliveryRow | None) -> None:
        job, now, now_ms = taken.job, self._monotonic(), unix_ms(self._clock())
        if self._leaving:
            await taken.later(0.0)
        elif row is not None and row.state is not DeliveryState.WAITING:
            await taken.settle()
        elif row is not None and row.due_ms > now_ms:
            await taken.later((row.due_ms - now_ms) / 1000)
        elif too_old(job.made_ms, now_ms):
            self.given_up += 1
            self._settled.put_nowait(_Settled(taken, _note(job, row, Attempt(trouble="too-old"), now_ms, None), None))
        else:
            lane = self._lane(job.host)
            if (wait_s := lane.wait_s(now)) > 0:
                await taken.later(wait_s * (1 + 0.2 * self._chance()))
            elif lane.full:
                await taken.later(BUSY_S * (1 + self._chance()))
            else:
                lane.held += 1
                task = asyncio.create_task(self._do(taken, row, lane), name=f"job {job.kind}")
                self._tasks.add(task)
                self._quick[task] = now
                task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        """Its place may be another's."""
        self._tasks.discard(task)
        self._quick.pop(task, None)
        self._freed.set()

    def _lane(self, host: str) -> HostLane:
        if host not in self._lanes:
            if len(self._lanes) >= MOST_LANES:
                self._drop(next((each for each, lane in self._lanes.items() if not lane.held), ""))
            self._lanes[host], self._gates[host] = HostLane(), asyncio.Semaphore(AT_ONCE)
        return self._lanes[host]

    def _drop(self, host: str) -> None:
        self._lanes.pop(host, None)
        self._gates.pop(host, None)

    async def _do(self, taken: TakenJob, row: DeliveryRow | None, lane: HostLane) -> None:
        job, began = taken.job, self._monotonic()
        try:
            async with self._gates[job.host]:
                if (wait_s := lane.wait_s(self._monotonic())) > 0:  # it fell ill while this one waited
                    await taken.later(wait_s * (1 + 0.2 * self._chance()))
                    return
                if self._monotonic() - began > GO_ON_S:
                    await taken.go_on()
                lane.begin()
                outcome = await self._attempt(job)
        finally:
            lane.held -= 1
        self._learn(job.host, lane, outcome)
        now_ms = unix_ms(self._clock())
        failures = (row.attempts if row else 0) + 1
        later_s = again_s(failures + job.once, self._chance()) if outcome.trouble and outcome.again else None
        if later_s is not None:
            later_s = max(later_s, outcome.wait_s)
        self.done, self.failed = self.done + (not outcome.trouble), self.failed + bool(outcome.trouble)
        self.given_up += bool(outcome.trouble) and later_s is None
        self._settled.put_nowait(_Settled(taken, _note(job, row, outcome, now_ms, later_s), later_s))

    def _learn(self, host: str, lane: HostLane, outcome: Attempt) -> None:
        now = self._monotonic()
        if outcome.host_ill:
            lane.failed(now)
        elif outcome.status:
            lane.answered()
        if outcome.wait_s:
            lane.asked_to_wait(now, outcome.wait_s)
        if lane.idle:
            self._drop(host)

    async def _attempt(self, job: OutgoingJob) -> Attempt:
        handler = self._handlers.get(job.kind)
        if handler is None:  # a newer house has ordered it; a newer courier will do it
            self._log.warning("job-unknown", kind=job.kind)
            return Attempt(trouble="job-unknown", again=True)
        try:
            return await handler(job)
        except StentorError as error:
            self._log.warning("job-failed", kind=job.kind, code=error.error_code, detail=error.detail)
            return Attempt(trouble=error.error_code, again=True)
        except Exception:  # noqa: BLE001 the outermost boundary of a job: a broken one keeps no others waiting
            self._log.exception("job-broken", kind=job.kind)
            return Attempt(trouble="internal-error", again=True)

    async def _write(self) -> None:
        """Writes down what became of jobs, many at once, before the queue forgets them."""
        while True:
            found = [await self._settled.get()]
            if self._quick and not self._leaving:
                await asyncio.sleep(GATHER_S)
            while not self._settled.empty():
                found.append(self._settled.get_nowait())
            try:
                for each in found:
                    if each.row.state is DeliveryState.GIVEN_UP and each.row.kind in self._tell_given_up:
                        await self._tell_given_up[each.row.kind](each.taken.job, each.row.trouble)
                await self._deliveries.write([each.row for each in found])
            except Overloaded:  # it is not known that they were done: once more, as if the courier had been killed
                self._log.warning("deliveries-unwritten", count=len(found))
                for each in found:
                    await each.taken.later(RETRY_S * (5 + 5 * self._chance()))
            else:
                for each in found:
                    await (each.taken.settle() if each.later_s is None else each.taken.later(each.later_s))
            for _ in found:
                self._settled.task_done()

    async def _forget(self) -> None:
        while True:
            try:
                await self._deliveries.forget(now_ms=unix_ms(self._clock()))
            except Overloaded as error:
                self._log.warning("deliveries-kept", reason=error.detail)
            await asyncio.sleep(FORGET_S)


def _note(
    job: OutgoingJob, row: DeliveryRow | None, outcome: Attempt, now_ms: int, later_s: float | None
) -> DeliveryRow:
    """What is written down of an attempt; ``later_s`` None: it was the last one."""
    ended_as = DeliveryState.GIVEN_UP if outcome.trouble else DeliveryState.DONE
    return DeliveryRow(
        kind=job.kind,
        key=job.key,
        subject=job.subject,
        what=job.what,
        host=job.host[:255],
        state=DeliveryState.WAITING if later_s is not None else ended_as,
        attempts=(row.attempts if row else 0) + 1,
        status=outcome.status,
        trouble=outcome.trouble,
        duration_ms=outcome.duration_ms,
        made_ms=job.made_ms,
        at_ms=now_ms,
        due_ms=now_ms + round((later_s or 0.0) * 1000),
    )
