"""Reminders as people ask for them, and the jobs by which they are told: over couriers, or by mail."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from stentor.base import push
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, NotFound, Overloaded
from stentor.base.push import PushTarget
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.seal import Seal
from stentor.base.signing import derive, to_text
from stentor.bus.jobs import JobQueue
from stentor.crowd import pace
from stentor.house.mail.post import PostOffice
from stentor.house.moderation.receipts import Receipts
from stentor.people import mail
from stentor.people.mail import Purpose
from stentor.spaces import hooks, reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import News, NewsMark, Way
from stentor.store.jobs import Job
from stentor.store.reminders import FORGET, REMIND, UNCONFIRMED, Reminder, RemindersTable

STEP: Final = 100
"""Numbers of reminders that one job of a courier is about, of one service. The same ones however often they are handed
over: so a second job of the same news is the same job."""
PAGE: Final = 2000
MAILS: Final = 10
"""Letters that are spoken for together."""
ASKS: Final = Bucket(burst=20, refill_ms=30_000)
"""Of one address of the network: a family behind one router, and nobody who fills the table."""
LETTERS: Final = Bucket(burst=3, refill_ms=600_000)
"""To one address of mail, whoever asks: nobody's mailbox is filled with questions."""


class Sources:
    """What the budget of arrivals is made of; asked each time."""

    def __init__(self, edges: Callable[[], tuple[int, int]], certified_per_s: Callable[[], float]) -> None:
        """``edges`` says how many processes serve the audience, and how many people wait at doors."""
        self._edges, self._certified = edges, certified_per_s

    def per_s(self) -> float:
        """Arrivals a second."""
        edges, waiting = self._edges()
        return pace.budget_per_s(edges, self._certified(), waiting=waiting)


class ReminderDesk:
    """Keeps who wants to be told, and hands over what they are told."""

    def __init__(
        self,
        table: RemindersTable,
        queue: JobQueue,
        post: PostOffice,
        receipts: Receipts,
        sealing: bytes,
        sources: Sources,
        clock: Clock,
    ) -> None:
        self.table, self.post = table, post
        self._queue, self._receipts, self._sources, self._clock = queue, receipts, sources, clock
        self._seal = Seal(sealing)
        self.public_key = to_text(push.public_bytes(push.key_of(derive(sealing, reminders.VAPID))))
        """Of the site, for services of push messages: pages give it to browsers."""
        self._asks, self._letters = RateLimit(ASKS, _too_many), RateLimit(LETTERS, _too_many)

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {REMIND: self.tell, FORGET: self.forget, UNCONFIRMED: self.forget_unconfirmed}

    async def by_push(self, space: Space, to: PushTarget, language: str, address: str) -> str:
        """A browser wants to be told; gives the link by which that is taken back. Asked twice, it is one reminder.

        Raises :class:`Conflict`, :class:`BadInput`, :class:`Overloaded`.
        """
        self._require(space, address)
        url = hooks.checked_url(to.endpoint)
        sealed = self._seal.close(msgspec.json.encode(to), Way.PUSH)
        made, _ = await self.table.add(
            space, Way.PUSH, _who(space, url),
            host=hooks.host_of(url), address=sealed, language=language, now_ms=self._now_ms, known=True,
        )  # fmt: skip
        return self.link(made.number)

    async def by_mail(self, space: Space, to: str, language: str, address: str) -> None:
        """Somebody gave an address of mail: a question goes there, and nothing else until it was answered with yes.

        Whether it is known already nobody learns. Raises :class:`Conflict`, :class:`BadInput`, :class:`Overloaded`.
        """
        self._require(space, address)
        found = mail.address(to, "mail")
        if not self.post.on:
            raise Conflict("This site sends no mail.", code="mail-off")
        self._letters.spend(found, self._clock())
        made, new = await self.table.add(
            space, Way.MAIL, _who(space, found),
            host=found.rpartition("@")[2], address=self._seal.close(found.encode(), Way.MAIL), language=language,
            now_ms=self._now_ms, known=False,
        )  # fmt: skip
        if new or made.confirmed_ms is None:
            await self.post.to_reminded([made.number], {"purpose": Purpose.REMIND.value}, after_ms=0)

    def link(self, number: int) -> str:
        """The path where a reminder is confirmed and taken back; whoever has it may do that."""
        return f"/account/remind/{self._receipts.made('remind', number)}"

    async def find(self, receipt: str) -> tuple[Reminder | None, Space | None]:
        """What a link is about, None for what is forgotten; raises :class:`NotFound` for a link that we have not
        made."""
        found = await self.table.get(self._receipts.read("remind", receipt))
        return found, await self.table.space(found.space) if found else None

    async def confirm(self, receipt: str) -> None:
        """Yes. Raises :class:`NotFound` when it was forgotten meanwhile."""
        number = self._receipts.read("remind", receipt)
        if not await self.table.confirm(number, now_ms=self._now_ms):
            raise NotFound("This link is too old; ask for the reminder once more.", code="reminder-forgotten")

    async def take_back(self, receipt: str) -> None:
        """No more; also when it was taken back before."""
        await self.table.take(self._receipts.read("remind", receipt))

    # Telling

    async def tell(self, job: Job) -> None:
        """Hands a piece of news over for all who wait for it, each in its moment. Raises :class:`Overloaded`."""
        mark = NewsMark(News(str(job.payload["news"])), int(job.payload["at"]))
        made_ms = mark.at_ms + reminders.LATE_MS if mark.news is News.LATE else job.made_ms
        space = await self.table.space(job.key)
        if space is None or not reminders.still_true(mark, space, made_ms, self._now_ms):
            return
        await self._by_courier(space, mark, made_ms)
        await self._by_post(space, mark, made_ms)

    async def forget(self, job: Job) -> None:
        """Forgets everybody who wanted to be told of a space that nothing is told of any more."""
        space = await self.table.space(job.key)
        if space is None or reminders.done(space, self._now_ms):
            await self.table.forget(job.key)

    async def forget_unconfirmed(self, job: Job) -> None:
        """Forgets an address that nobody has confirmed."""
        await self.table.forget_unconfirmed(int(job.key))

    async def _by_courier(self, space: Space, mark: NewsMark, made_ms: int) -> None:
        groups: dict[tuple[str, int], int] = defaultdict(int)
        async for page in self._pages(space, mark, made_ms, Way.PUSH):
            for each in page:
                groups[each.host, each.number // STEP] += 1
        for group in pace.in_turn(groups, lambda key: groups[key], random.random):
            host, step = group
            await self._queue.put(
                reminders.PUSH,
                f"{space.id}.{mark.text}.{step}.{host}"[:200],
                {
                    "space": space.id, "news": mark.news.value, "at": mark.at_ms, "made": made_ms,
                    "after": step * STEP - 1, "upto": (step + 1) * STEP - 1,
                },
                host=host,
                now_ms=self._now_ms,
                due_ms=await self._reserve(groups[group]),
                subject=f"reminders {space.id}",
                what=f"reminder.{mark.news}",
            )  # fmt: skip

    async def _by_post(self, space: Space, mark: NewsMark, made_ms: int) -> None:
        if not self.post.on:
            return
        wish = {"purpose": Purpose.REMINDED.value, "news": mark.news.value, "at": mark.at_ms, "made": made_ms}
        async for page in self._pages(space, mark, made_ms, Way.MAIL):
            for first in range(0, len(page), MAILS):
                letters = [each.number for each in page[first : first + MAILS]]
                at_ms = await self._reserve(len(letters))
                await self.post.to_reminded(letters, wish, after_ms=max(0, at_ms - self._now_ms))

    async def _pages(self, space: Space, mark: NewsMark, made_ms: int, way: Way) -> AsyncIterator[Sequence[Reminder]]:
        after = 0
        while page := await self.table.untold(space.id, mark.text, made_ms, way=way, after=after, most=PAGE):
            yield page
            after = page[-1].number

    async def _reserve(self, people: int) -> int:
        now_ms, per_s = self._now_ms, self._sources.per_s()
        return await self.table.reserve(lambda free_ms: pace.reserve(free_ms, now_ms, people, per_s))

    def _require(self, space: Space, address: str) -> None:
        if not reminders.asks(space):
            raise Conflict("There is nothing to be reminded of any more.", code="no-reminders")
        self._asks.spend(address, self._clock())

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())


def _who(space: Space, address: str) -> str:
    return hashlib.sha256(f"{space.id} {address}".encode()).hexdigest()


def _too_many(wait_s: float) -> Overloaded:
    said = "There were too many wishes to be reminded; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-reminders")
