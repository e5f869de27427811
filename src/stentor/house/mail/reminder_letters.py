"""Mails to people who asked to be reminded: the question whether they did, and what they are told. Written when they go
out, so nothing is told that is no longer so; whoever was told is noted, and not told again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from stentor.base.clock import Clock, unix_ms
from stentor.base.seal import Seal
from stentor.base.times import written
from stentor.house.mail.letters import Letters
from stentor.house.mail.sender import NotSent
from stentor.people.mail import Letter, Purpose
from stentor.spaces import reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import News, NewsMark, Way
from stentor.store.jobs import Job
from stentor.store.reminders import Reminder, RemindersTable
from stentor.wire import ways


class ReminderLetters:
    """The handler of those jobs. ``link`` gives the page of a reminder, ``page`` that of a space, both whole."""

    def __init__(
        self,
        letters: Letters,
        table: RemindersTable,
        sealing: bytes,
        clock: Clock,
        *,
        link: Callable[[int], str],
        page: Callable[[str], str],
    ) -> None:
        self._letters, self._table, self._seal, self._clock = letters, table, Seal(sealing), clock
        self._link, self._page = link, page

    async def send(self, job: Job) -> str | None:
        """Writes and sends a mail; gives the code of why it was given up. Raises :class:`NotSent` to be tried again."""
        found = await self._table.get(int(job.key))
        space = await self._table.space(found.space) if found else None
        if found is None or space is None:
            return None
        to = self._seal.open(found.address, Way.MAIL).decode()
        mark = None
        if job.payload["purpose"] == Purpose.REMIND:
            if found.confirmed_ms is not None or not reminders.asks(space):
                return None
            letter = await self._written("remind", found, space, to)
        else:
            mark, made_ms = NewsMark(News(str(job.payload["news"])), int(job.payload["at"])), int(job.payload["made"])
            told = await self._table.untold(
                space, mark, made_ms, way=Way.MAIL, after=found.number - 1, most=1,
            )  # fmt: skip
            true = reminders.still_true(mark, space, made_ms, unix_ms(self._clock()))
            if not true or [each.number for each in told] != [found.number]:
                return None
            letter = await self._written(f"reminder-{mark.news}", found, space, to, mark)
        try:
            await self._letters.deliver(letter)
        except NotSent as error:
            if not error.for_good:
                raise
            await self._table.take(found.number)  # the address takes no mail: nothing more goes there
            return error.error_code
        if mark is not None:
            await self._table.told([found.number], mark.text, now_ms=unix_ms(self._clock()))
        return None

    async def _written(self, name: str, found: Reminder, space: Space, to: str, mark: NewsMark | None = None) -> Letter:
        when = written(space.scheduled_ms or 0, found.language, await self._table.zone(found, space))
        page, link = self._page(space.id), self._link(found.number)
        number = hashlib.sha256(f"{link} {mark.text if mark else ''}".encode()).hexdigest()[:32]
        return self._letters.filled(
            name, to, found.language, number=number, off=link if mark else "",
            title=space.title, when=when, page=ways.link(page, Way.MAIL), link=link,
        )  # fmt: skip
