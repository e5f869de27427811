"""Newsletters: a person's talks by mail, for who has said twice that they want it. Each mail goes in its moment."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, NotFound, Overloaded
from stentor.base.rate_limit import RateLimit
from stentor.base.receipts import Receipts
from stentor.base.seal import Seal
from stentor.house.mail.post import PostOffice
from stentor.house.pace.budget import ArrivalBudget
from stentor.house.reach.reminders import ASKS, LETTERS
from stentor.house.reach.reminding import MAILS, PAGE, TOGETHER
from stentor.outlets import words
from stentor.people import mail
from stentor.people.mail import Purpose
from stentor.spaces.announcing import SpaceMoment
from stentor.store.jobs import Job
from stentor.store.newsletters import FORGET, Newsletter, NewslettersTable, Subscriber, mark_of

SUBSCRIBER: Final = "subscriber"
"""What addresses are sealed as, and what links are receipts of."""
DOCUMENT: Final = "https://www.rfc-editor.org/rfc/rfc8058"
DOCUMENT_OF: Final = "2017-01"
"""What mails of newsletters are built to, and its date."""


class NewsletterDesk:
    """Keeps who wants a newsletter, and hands over what they get. Methods raise :class:`Overloaded` without the
    database."""

    def __init__(
        self, table: NewslettersTable, post: PostOffice, budget: ArrivalBudget, receipts: Receipts, seal: Seal,
        clock: Clock,
    ) -> None:  # fmt: skip
        self.table, self.post = table, post
        self._budget, self._receipts, self._seal, self._clock = budget, receipts, seal, clock
        self._asks, self._letters = RateLimit(ASKS, _too_many), RateLimit(LETTERS, _too_many)

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {FORGET: self.forget}

    async def find(self, handle: str) -> Newsletter:
        """That of a person; raises :class:`NotFound`."""
        found = await self.table.of_handle(handle)
        if found is None:
            raise NotFound("This person has no newsletter.", code="no-newsletter")
        return found

    async def subscribe(self, letter: Newsletter, to: str, language: str, address: str) -> None:
        """Somebody gave an address of mail: a question goes there, and nothing else until it was answered with yes.

        Whether it is known already nobody learns. Raises :class:`Conflict`, :class:`BadInput`, :class:`Overloaded`."""
        self._asks.spend(address, self._clock())
        found = mail.address(to, "mail")
        if not self.post.on:
            raise Conflict("This site sends no e-mail.", code="mail-off")
        self._letters.spend(found, self._clock())
        sealed = self._seal.close(found.encode(), SUBSCRIBER)
        made = await self.table.add(
            letter.outlet, who(letter.outlet, found), address=sealed, language=language, now_ms=self._now_ms
        )
        if made.confirmed_ms is None:
            await self.post.to_reminded([made.number], {"purpose": Purpose.NEWSLETTER_ASK.value}, after_ms=0)

    def link(self, number: int) -> str:
        """The path where it is confirmed and taken back; whoever has it may do that."""
        return f"/account/newsletter/{self._receipts.made(SUBSCRIBER, number)}"

    async def of_link(self, receipt: str) -> tuple[Subscriber | None, Newsletter | None]:
        """What a link is about, None for what is forgotten; raises :class:`NotFound` for a link that we have not
        made."""
        found = await self.table.get(self._receipts.read(SUBSCRIBER, receipt))
        return found, await self.table.of_outlet(found.outlet) if found else None

    async def confirm(self, receipt: str) -> None:
        """Yes. Raises :class:`NotFound` when it was forgotten meanwhile."""
        if not await self.table.confirm(self._receipts.read(SUBSCRIBER, receipt), now_ms=self._now_ms):
            raise NotFound("This link is too old; ask for the newsletter once more.", code="subscriber-forgotten")

    async def take_back(self, receipt: str) -> None:
        """No more; also when it was taken back before."""
        await self.table.take(self._receipts.read(SUBSCRIBER, receipt))

    async def strike(self, outlet: int, to: str) -> None:
        """A host takes an address off their list. Raises :class:`BadInput`."""
        await self.table.take_address(outlet, who(outlet, mail.address(to, "mail")))

    async def hand_over(self, outlet: int, space: str, moment: SpaceMoment, ordered_ms: int) -> bool:
        """Orders a mail for everybody who wants it, each in its moment; False where the site sends no mail."""
        if not self.post.on:
            return False
        await self.table.tidy(now_ms=self._now_ms)
        wish = {"purpose": Purpose.NEWSLETTER.value, "space": space, "moment": moment.value, "made": ordered_ms}
        after, mark = 0, mark_of(space, moment)
        while page := await self.table.untold(outlet, mark, ordered_ms, after=after, most=PAGE):
            after, numbers = page[-1].number, [each.number for each in page]
            groups = [numbers[first : first + MAILS] for first in range(0, len(numbers), MAILS)]
            for first in range(0, len(groups), TOGETHER):
                await self._some(groups[first : first + TOGETHER], wish, paced=moment in words.CALLS)
        return True

    async def _some(self, groups: list[list[int]], wish: Mapping[str, str | int], *, paced: bool) -> None:
        now_ms = self._now_ms
        moments = await self._budget.moments([len(each) for each in groups]) if paced else [now_ms] * len(groups)
        for group, at_ms in zip(groups, moments, strict=True):
            await self.post.to_reminded(group, wish, after_ms=max(0, at_ms - now_ms))

    async def forget(self, job: Job) -> None:
        """Forgets an address that nobody has confirmed."""
        await self.table.take(int(job.key), unconfirmed=True)

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())


def who(outlet: int, address: str) -> str:
    """What an address is found again by."""
    return hashlib.sha256(f"{outlet} {address}".encode()).hexdigest()


def _too_many(wait_s: float) -> Overloaded:
    said = "There were too many wishes for a newsletter; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-reminders")
