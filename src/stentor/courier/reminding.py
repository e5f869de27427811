"""Tells people of a space, as they asked: some of one host with each job.

What they are told is made now: what is no longer so is not told. Whoever was told is noted before the queue forgets the
job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt
from stentor.spaces import reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import News, NewsMark, Way
from stentor.store.reminders import Reminder, RemindersTable

AT_ONCE: Final = 4
"""Requests to one host, of one job."""
NOTED: Final = 20
"""After so many it is written down who was told: who was not is told again when the courier is killed."""
GONE: Final = frozenset({404, 410})
"""Nobody is there any more, or wants anything (of browsers: RFC 8030, 7.3)."""

TellOne = Callable[[Reminder, Space, NewsMark], Awaitable[Attempt]]


class ReminderSender:
    """The handler of jobs of one ``way``; ``one`` tells one of them."""

    def __init__(self, table: RemindersTable, clock: Clock, way: Way, one: TellOne) -> None:
        self._table, self._clock, self._way, self._one = table, clock, way, one

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt for all of the job that were not told yet. Raises :class:`Overloaded` without the database,
        :class:`SetupError` for addresses that another key has sealed."""
        payload = job.payload
        mark = NewsMark(News(str(payload["news"])), int(payload["at"]))
        space, made_ms = await self._table.space(str(payload["space"])), int(payload["made"])
        if space is None or not reminders.still_true(mark, space, made_ms, unix_ms(self._clock())):
            return NOTHING_LEFT
        after, told = int(payload["after"]), NOTHING_LEFT
        while True:
            waiting = await self._table.untold(
                space, mark, made_ms,
                way=self._way, after=after, most=NOTED, host=job.host, upto=int(payload["upto"]),
            )  # fmt: skip
            if not waiting:
                return told
            after = waiting[-1].number
            told = await self._tell(waiting, space, mark)
            if told.trouble:
                return told

    async def _tell(self, waiting: Sequence[Reminder], space: Space, mark: NewsMark) -> Attempt:
        """Some of them at once; what went wrong is that of the first for whom it did."""
        gate = asyncio.Semaphore(AT_ONCE)
        over: list[int] = []
        wrong: list[Attempt] = []

        async def one(reminder: Reminder) -> None:
            async with gate:
                if wrong:
                    return
                attempt = await self._one(reminder, space, mark)
            if attempt.status in GONE:
                await self._table.take(reminder.number)
            elif attempt.trouble and (attempt.host_ill or attempt.wait_s or attempt.trouble == "try-later"):
                wrong.append(attempt)
            else:  # told; or not wanted by this one: it is not asked again
                over.append(reminder.number)

        async with asyncio.TaskGroup() as group:
            for each in waiting:
                group.create_task(one(each), name="reminder")
        await self._table.told(over, mark.text, now_ms=unix_ms(self._clock()))
        return wrong[0] if wrong else Attempt(status=201)
