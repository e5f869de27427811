"""Mails of newsletters: the question whether somebody wants one, and each piece of news. Written when they go out.

That a mail may have gone out is noted before it is handed to the server. Only a server that surely did not take it
takes that back: whatever is killed in between, nobody gets it twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.seal import Seal
from stentor.house.mail.letters import Letters
from stentor.house.mail.sender import NotSent
from stentor.house.outlets.newsletters import SUBSCRIBER
from stentor.outlets import words
from stentor.people.mail import Letter, Purpose
from stentor.spaces import reminders
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import Space
from stentor.store.jobs import Job
from stentor.store.newsletters import Newsletter, NewslettersTable, Subscriber, mark_of
from stentor.store.outlets import OutletsTable
from stentor.wire.ways import NEWSLETTER

PURPOSES: Final = frozenset({Purpose.NEWSLETTER_ASK.value, Purpose.NEWSLETTER.value})
LONGEST_MAIL: Final = 5000


class NewsletterLetters:
    """The handler of those jobs. ``link`` gives the page of a subscriber, whole; ``site`` is where pages are."""

    def __init__(
        self, letters: Letters, table: NewslettersTable, outlets: OutletsTable, seal: Seal, clock: Clock, *,
        link: Callable[[int], str], site: str,
    ) -> None:  # fmt: skip
        self._letters, self._table, self._outlets, self._seal, self._clock = letters, table, outlets, seal, clock
        self._link, self._site = link, site

    async def send(self, job: Job) -> str | None:
        """Writes and sends a mail; gives the code of why it was given up. Raises :class:`NotSent` to be tried again."""
        found = await self._table.get(int(job.key))
        letter = await self._table.of_outlet(found.outlet) if found else None
        if found is None or letter is None:
            return None
        if job.payload["purpose"] == Purpose.NEWSLETTER_ASK:
            return await self._ask(found, letter)
        moment, made_ms = SpaceMoment(str(job.payload["moment"])), int(job.payload["made"])
        told = await self._outlets.told(str(job.payload["space"]), found.outlet, moment)
        late = self._now_ms - made_ms > reminders.NEWS_MS
        if told is None or late or found.confirmed_ms is None or not words.still_so(moment, told[0]):
            return None
        return await self._tell(found, letter, *told, moment)

    async def _ask(self, found: Subscriber, letter: Newsletter) -> str | None:
        if found.confirmed_ms is not None:
            return None
        try:
            await self._letters.deliver(self._written("newsletter-ask", found, letter.name, off=False))
        except NotSent as error:
            if not error.for_good:
                raise
            await self._table.take(found.number)
            return error.error_code
        return None

    async def _tell(
        self, found: Subscriber, letter: Newsletter, space: Space, own: str, moment: SpaceMoment
    ) -> str | None:
        mark = mark_of(space.id, moment)
        if not await self._table.claim(found.number, mark, now_ms=self._now_ms):
            return None
        link = words.link_of(space, self._site, NEWSLETTER)
        said = words.compose(space, moment, own, link, LONGEST_MAIL)
        written = self._written("newsletter", found, letter.name, mark=mark, title=space.title, said=said)
        try:
            await self._letters.deliver(written)
        except NotSent as error:
            if error.unsure:
                return error.error_code
            await self._table.unclaim(found.number, mark)
            if not error.for_good:
                raise
            if error.error_code == "mail-recipient":
                await self._table.bounced(found.number)
            return error.error_code
        await self._table.delivered(found.number, space.id)
        return None

    def _written(
        self, name: str, found: Subscriber, person: str, *, off: bool = True, mark: str = "", **values: object
    ) -> Letter:
        to, link = self._seal.open(found.address, SUBSCRIBER).decode(), self._link(found.number)
        number = hashlib.sha256(f"{link} {mark}".encode()).hexdigest()[:32]
        return self._letters.filled(
            name, to, found.language, number=number, off=link if off else "", name=person, link=link, **values
        )

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())
