"""Hands news of spaces over for those who wait for it, each in its moment: to couriers, to mail, to notifications."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.seal import Seal
from stentor.bus.jobs import JobQueue
from stentor.crowd import pace
from stentor.house.mail.post import PostOffice
from stentor.house.pace.budget import ArrivalBudget
from stentor.people.mail import Purpose
from stentor.spaces import reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import News, NewsMark, Way
from stentor.store.jobs import Job, Wanted
from stentor.store.reminders import FORGET, ON_SITE, REMIND, UNCONFIRMED, Reminder, RemindersTable

STEP: Final = 100
"""Numbers of reminders that one job is about, of one service. The same ones however often they are handed over: so a
second job of the same news is the same job."""
PAGE: Final = 2000
MAILS: Final = 10
"""Letters that are spoken for together."""
TOGETHER: Final = 32
"""Groups whose moments are asked for at once: whoever sends something else comes in between."""
NOTED: Final = 50
"""People here who are told in one transaction."""
BY_COURIER: Final = {Way.PUSH: reminders.PUSH, Way.FEDI: reminders.MESSAGE}
"""The kinds of the couriers' jobs."""


class ReminderTeller:
    """The handlers of what a house does by itself."""

    def __init__(
        self, table: RemindersTable, queue: JobQueue, post: PostOffice, budget: ArrivalBudget, sealing: bytes,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._table, self._queue, self._post, self._budget = table, queue, post, budget
        self._seal, self._clock = Seal(sealing), clock

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {
            REMIND: self.tell, ON_SITE: self.notify, FORGET: self.forget, UNCONFIRMED: self.forget_unconfirmed,
        }  # fmt: skip

    async def tell(self, job: Job) -> None:
        """Hands a piece of news over for all who wait for it, each in its moment. Raises :class:`Overloaded`."""
        mark = _mark(job)
        made_ms = reminders.made_ms(mark, job.made_ms)
        space, now_ms = await self._table.space(job.key), self._now_ms
        if space is None or not reminders.still_true(mark, space, made_ms, now_ms):
            return
        if mark.news is News.SOON:
            people = sum((await self._table.counted(space.id)).values())
            begins_ms = self._budget.begins_ms(mark.at_ms, people)
            if begins_ms > now_ms:
                await self._table.order(space.id, mark, now_ms=now_ms, after_ms=begins_ms - now_ms)
                return
        for way, kind in BY_COURIER.items():
            await self._by_courier(space, mark, made_ms, way, kind)
        await self._on_site(space, mark, made_ms)
        await self._by_post(space, mark, made_ms)

    async def notify(self, job: Job) -> None:
        """Tells some of those who have an account."""
        mark, made_ms, upto = _mark(job), int(job.payload["made"]), int(job.payload["upto"])
        space, after = await self._table.space(job.key), int(job.payload["after"])
        if space is None or not reminders.still_true(mark, space, made_ms, self._now_ms):
            return
        while found := await self._table.untold(
            space, mark, made_ms, way=Way.SITE, after=after, most=NOTED, upto=upto
        ):  # fmt: skip
            after = found[-1].number
            actors = {each.number: int(self._seal.open(each.address, Way.SITE)) for each in found}
            await self._table.notify(actors, mark, space.id, now_ms=self._now_ms)

    async def forget(self, job: Job) -> None:
        """Forgets everybody who wanted to be told of a space that nothing is told of any more."""
        space = await self._table.space(job.key)
        if space is None or reminders.done(space, self._now_ms):
            await self._table.forget(job.key)

    async def forget_unconfirmed(self, job: Job) -> None:
        """Forgets an address that nobody has confirmed."""
        await self._table.forget_unconfirmed(int(job.key))

    async def _by_courier(self, space: Space, mark: NewsMark, made_ms: int, way: Way, kind: str) -> None:
        async for group, due_ms in self._in_turn(space, mark, made_ms, way):
            host, step = group
            await self._queue.put(
                kind,
                f"{space.id}.{mark.text}.{step}.{host}"[:200],
                {"space": space.id, **_payload(mark, made_ms, step)},
                host=host,
                now_ms=self._now_ms,
                due_ms=due_ms,
                subject=f"reminders {space.id}",
                what=f"reminder.{mark.news}",
            )

    async def _on_site(self, space: Space, mark: NewsMark, made_ms: int) -> None:
        async for (_, step), due_ms in self._in_turn(space, mark, made_ms, Way.SITE):
            wanted = Wanted(ON_SITE, space.id, payload=_payload(mark, made_ms, step))
            await self._table.order_step(wanted, now_ms=self._now_ms, due_ms=due_ms)

    async def _by_post(self, space: Space, mark: NewsMark, made_ms: int) -> None:
        if not self._post.on:
            return
        wish = {"purpose": Purpose.REMINDED.value, "news": mark.news.value, "at": mark.at_ms, "made": made_ms}
        async for page in self._pages(space, mark, made_ms, Way.MAIL):
            letters = [each.number for each in page]
            groups = [letters[first : first + MAILS] for first in range(0, len(letters), MAILS)]
            for first in range(0, len(groups), TOGETHER):
                some = groups[first : first + TOGETHER]
                for group, at_ms in zip(some, await self._budget.moments([len(each) for each in some]), strict=True):
                    await self._post.to_reminded(group, wish, after_ms=max(0, at_ms - self._now_ms))

    async def _in_turn(
        self, space: Space, mark: NewsMark, made_ms: int, way: Way
    ) -> AsyncIterator[tuple[tuple[str, int], int]]:
        """Some of one service each, the largest first, with their moments."""
        groups: Counter[tuple[str, int]] = Counter()
        async for page in self._pages(space, mark, made_ms, way):
            groups.update((each.host, each.number // STEP) for each in page)
        turns = pace.in_turn(groups, lambda key: groups[key], random.random)
        for first in range(0, len(turns), TOGETHER):
            some = turns[first : first + TOGETHER]
            for group, at_ms in zip(some, await self._budget.moments([groups[each] for each in some]), strict=True):
                yield group, at_ms

    async def _pages(self, space: Space, mark: NewsMark, made_ms: int, way: Way) -> AsyncIterator[Sequence[Reminder]]:
        after = 0
        while page := await self._table.untold(space, mark, made_ms, way=way, after=after, most=PAGE):
            yield page
            after = page[-1].number

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())


def _mark(job: Job) -> NewsMark:
    return NewsMark(News(str(job.payload["news"])), int(job.payload["at"]))


def _payload(mark: NewsMark, made_ms: int, step: int) -> dict[str, str | int]:
    return {
        "news": mark.news.value, "at": mark.at_ms, "made": made_ms,
        "after": step * STEP - 1, "upto": (step + 1) * STEP - 1,
    }  # fmt: skip
