"""Reminders as people ask for them, and as they say yes and take them back."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from stentor.base import push
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, NotFound, Overloaded
from stentor.base.push import PushTarget
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.receipts import Receipts
from stentor.base.seal import Seal
from stentor.base.signing import derive, to_text
from stentor.bus.jobs import JobQueue
from stentor.fediverse import sites
from stentor.house.mail.post import PostOffice
from stentor.people import mail
from stentor.people.mail import Purpose
from stentor.spaces import hooks, reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import Way
from stentor.store.reminders import Reminder, RemindersTable

ASKED_MS: Final = 600_000
"""Somebody who asks again within so long is asked once."""
ASKS: Final = Bucket(burst=20, refill_ms=30_000)
"""Of one address of the network: a family behind one router, and nobody who fills the table."""
LETTERS: Final = Bucket(burst=3, refill_ms=600_000)
"""To one address of mail, whoever asks: nobody's mailbox is filled with questions."""


class ReminderDesk:
    """Keeps who wants to be told, and hands over what they are told."""

    def __init__(
        self,
        table: RemindersTable,
        queue: JobQueue,
        post: PostOffice,
        receipts: Receipts,
        sealing: bytes,
        clock: Clock,
        *,
        messages: bool,
    ) -> None:
        """``messages``: whether the site is part of the fediverse."""
        self.table, self.post, self.messages = table, post, messages
        self._queue, self._receipts, self._clock = queue, receipts, clock
        self.seal = Seal(sealing)
        self.public_key = to_text(push.public_bytes(push.key_of(derive(sealing, reminders.VAPID))))
        """Of the site, for services of push messages: pages give it to browsers."""
        self._asks, self._letters = RateLimit(ASKS, _too_many), RateLimit(LETTERS, _too_many)

    async def by_push(self, space: Space, to: PushTarget, language: str, address: str, zone: str = "") -> str:
        """A browser wants to be told; gives the link by which that is taken back. Asked twice, it is one reminder.

        Raises :class:`Conflict`, :class:`BadInput`, :class:`Overloaded`.
        """
        self._require(space, address)
        url = hooks.checked_url(to.endpoint)
        sealed = self.seal.close(msgspec.json.encode(to), Way.PUSH)
        made, _ = await self.table.add(
            space, Way.PUSH, _who(space, url),
            host=hooks.host_of(url), address=sealed, language=language, zone=zone,
            now_ms=self._now_ms, known=True,
        )  # fmt: skip
        return self.link(made.number)

    async def by_mail(self, space: Space, to: str, language: str, address: str, zone: str = "") -> None:
        """Somebody gave an address of mail: a question goes there, and nothing else until it was answered with yes.

        Whether it is known already nobody learns. Raises :class:`Conflict`, :class:`BadInput`, :class:`Overloaded`.
        """
        self._require(space, address)
        found = mail.address(to, "mail")
        if not self.post.on:
            raise Conflict("This site sends no e-mail.", code="mail-off")
        self._letters.spend(found, self._clock())
        made, new = await self.table.add(
            space, Way.MAIL, _who(space, found),
            host=found.rpartition("@")[2], address=self.seal.close(found.encode(), Way.MAIL), language=language,
            zone=zone, now_ms=self._now_ms, known=False,
        )  # fmt: skip
        if new or made.confirmed_ms is None:
            await self.post.to_reminded([made.number], {"purpose": Purpose.REMIND.value}, after_ms=0)

    async def by_site(self, space: Space, account: str, actor: int, language: str, address: str, zone: str = "") -> str:
        """Somebody with an account wants a notification here; gives the link by which that is taken back.

        Raises :class:`Conflict`, :class:`Overloaded`."""
        self._require(space, address)
        made, _ = await self.table.add(
            space, Way.SITE, _who(space, account),
            host="", address=self.seal.close(f"{actor}".encode(), Way.SITE), language=language, zone=zone,
            now_ms=self._now_ms, known=True,
        )  # fmt: skip
        return self.link(made.number)

    async def by_message(self, space: Space, to: str, language: str, address: str, zone: str = "") -> None:
        """Somebody gave their name in the fediverse: they are asked there whether it was them, and told nothing else
        until they say yes. Raises :class:`Conflict` (``federation-off``), :class:`BadInput`, :class:`Overloaded`."""
        self._require(space, address)
        if not self.messages:
            raise Conflict("This site is part of no fediverse.", code="federation-off")
        handle, server = sites.named(to)
        found = f"{handle}@{server}".lower()
        self._letters.spend(found, self._clock())
        made, _ = await self.table.add(
            space, Way.FEDI, _who(space, found),
            host=server, address=self.seal.close(f"{handle}@{server}".encode(), Way.FEDI), language=language,
            zone=zone, now_ms=self._now_ms, known=False,
        )  # fmt: skip
        if made.confirmed_ms is None:
            await self._queue.put(
                reminders.MESSAGE, f"ask.{made.number}.{self._now_ms // ASKED_MS}", {"ask": made.number},
                host=server, now_ms=self._now_ms, subject=f"reminders {space.id}", what="reminder.ask",
            )  # fmt: skip

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
