"""Newsletters in the database: who wants a person's talks by mail, and which mail went to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Overloaded
from stentor.spaces import reminders
from stentor.spaces.announcing import SpaceMoment
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.newsletter_tables import subscriber_mails, subscribers
from stentor.store.outlet_tables import outlet_choices, outlets
from stentor.store.reach import count_sent
from stentor.store.tables import accounts
from stentor.store.work import Work
from stentor.wire.ways import NEWSLETTER

FORGET: Final = "forget-subscriber"
"""The kind of the house's job that forgets an address which nobody has confirmed."""
MOST_SUBSCRIBERS: Final = 10_000
"""Of one newsletter: one sender of mail gets through them within the hour, and reminders come in between."""
MOST_BOUNCES: Final = 3
"""After so many mails in a row that their server refused for good an address is forgotten; one alone may be a mistake
of our own server's, which would empty the list at once."""
KEPT_MS: Final = 90 * 86_400_000
"""So long it is known which mail went to whom; no mail is that late."""
_S, _M = subscribers.c, subscriber_mails.c


class Newsletter(msgspec.Struct, frozen=True):
    """The newsletter of a person, by the number of its outlet."""

    outlet: int
    account: str
    handle: str
    name: str


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who wants it. ``address`` is sealed; times are ms since 1970 (UTC)."""

    number: int
    outlet: int
    address: str
    language: str
    made_ms: int
    confirmed_ms: int | None
    bounces: int


class NewslettersTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of_handle(self, handle: str) -> Newsletter | None:
        """That of a person who may be seen; the oldest, where there are two."""
        return await self._letter((accounts.c.handle == handle) & accounts.c.hidden_ms.is_(None))

    async def of_outlet(self, outlet: int) -> Newsletter | None:
        """By the number of its outlet; None where its person is suspended."""
        return await self._letter(outlets.c.number == outlet)

    async def of_space(self, space: str) -> Sequence[Newsletter]:
        """Those that a space is announced in, of people who may be seen."""
        chosen = select(outlet_choices.c.outlet).where(outlet_choices.c.space == space)
        where = outlets.c.number.in_(chosen) & accounts.c.hidden_ms.is_(None)
        return await self._work.read(lambda connection: _letters(connection, where))

    async def add(self, outlet: int, who: str, *, address: str, language: str, now_ms: int) -> Subscriber:
        """Keeps somebody, not confirmed; one who is there already stays as they are. Raises :class:`Overloaded` when
        there are too many."""

        def work(connection: Connection) -> Subscriber:
            mine = (_S.outlet == outlet) & (_S.who == who)
            if (found := connection.execute(select(subscribers).where(mine)).one_or_none()) is not None:
                return _subscriber(found)
            many = connection.execute(select(func.count()).select_from(subscribers).where(_S.outlet == outlet))
            if int(many.scalar_one()) >= MOST_SUBSCRIBERS:
                raise Overloaded("This newsletter takes no more people.", code="newsletter-full", retry_after_s=3600.0)
            row = {
                "outlet": outlet, "who": who, "address": address, "language": language, "made_ms": now_ms,
                "confirmed_ms": None, "bounces": 0,
            }  # fmt: skip
            made = _subscriber(connection.execute(insert(subscribers).values(row).returning(*subscribers.c)).one())
            add_jobs(connection, [Wanted(FORGET, f"{made.number}")], now_ms=now_ms, after_ms=reminders.CONFIRM_MS)
            return made

        try:
            return await self._work.write(work)
        except IntegrityError:  # two presses at once
            return await self._work.write(work)

    async def get(self, number: int) -> Subscriber | None:
        """One, by number."""
        found = await self._read(_S.number == number, 1)
        return found[0] if found else None

    async def confirm(self, number: int, *, now_ms: int) -> bool:
        """Notes that an address is its person's; False where there is none any more."""
        query = update(subscribers).where(_S.number == number)
        query = query.values(confirmed_ms=func.coalesce(_S.confirmed_ms, now_ms))
        return await self._work.write(lambda connection: connection.execute(query).rowcount > 0)

    async def take(self, number: int, *, unconfirmed: bool = False) -> None:
        """Forgets one, with all that was sent; with ``unconfirmed`` only one who has not said yes."""
        where = (_S.number == number) & (_S.confirmed_ms.is_(None) if unconfirmed else True)
        await self._delete(where)

    async def take_address(self, outlet: int, who: str) -> None:
        """Forgets one by the hash of their address, for a host whom somebody has written to."""
        await self._delete((_S.outlet == outlet) & (_S.who == who))

    async def counted(self, outlet: int) -> int:
        """How many get it."""
        query = select(func.count()).select_from(subscribers).where(_S.outlet == outlet, _S.confirmed_ms.is_not(None))
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def sent(self, outlet: int, mark: str) -> int:
        """To how many a mail went."""
        query = select(func.count()).select_from(subscriber_mails).join(subscribers, _S.number == _M.subscriber)
        query = query.where(_S.outlet == outlet, _M.mark == mark)
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def untold(self, outlet: int, mark: str, before_ms: int, *, after: int, most: int) -> Sequence[Subscriber]:
        """The next of those who are to get a mail that was ordered at ``before_ms`` and did not, by their numbers."""
        where = (_S.outlet == outlet) & (_S.number > after) & (_S.confirmed_ms <= before_ms)
        where &= ~exists().where(_M.subscriber == _S.number, _M.mark == mark)
        return await self._read(where, most)

    async def claim(self, number: int, mark: str, *, now_ms: int) -> bool:
        """Notes, before it is handed over, that a mail may have gone out; False where that was noted before."""

        def work(connection: Connection) -> bool:
            mine = (_M.subscriber == number) & (_M.mark == mark)
            if connection.execute(select(_M.at_ms).where(mine)).first() is not None:
                return False
            connection.execute(insert(subscriber_mails).values(subscriber=number, mark=mark, at_ms=now_ms))
            return True

        try:
            return await self._work.write(work)
        except IntegrityError:  # two at once, or the subscriber is gone
            return False

    async def unclaim(self, number: int, mark: str) -> None:
        """It surely did not go out."""
        query = delete(subscriber_mails).where(_M.subscriber == number, _M.mark == mark)
        await self._execute(query)

    async def delivered(self, number: int, space: str) -> None:
        """A mail was taken."""

        def work(connection: Connection) -> None:
            connection.execute(update(subscribers).where(_S.number == number).values(bounces=0))
            count_sent(connection, space, NEWSLETTER, sent=1, told=0)

        await self._work.write(work)

    async def bounced(self, number: int) -> None:
        """Their server refused a mail for good; after :data:`MOST_BOUNCES` in a row the address is forgotten."""

        def work(connection: Connection) -> None:
            connection.execute(update(subscribers).where(_S.number == number).values(bounces=_S.bounces + 1))
            _forget(connection, (_S.number == number) & (_S.bounces >= MOST_BOUNCES))

        await self._work.write(work)

    async def tidy(self, *, now_ms: int) -> None:
        """Forgets which mail went to whom, after long."""
        await self._execute(delete(subscriber_mails).where(_M.at_ms < now_ms - KEPT_MS))

    async def _letter(self, where: ColumnElement[bool]) -> Newsletter | None:
        found = await self._work.read(lambda connection: _letters(connection, where))
        return found[0] if found else None

    async def _read(self, where: ColumnElement[bool], most: int) -> Sequence[Subscriber]:
        query = select(subscribers).where(where).order_by(_S.number).limit(most)
        return await self._work.read(lambda connection: [_subscriber(row) for row in connection.execute(query)])

    async def _delete(self, where: ColumnElement[bool]) -> None:
        await self._work.write(lambda connection: _forget(connection, where))

    async def _execute(self, query: Any) -> None:
        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)


def mark_of(space: str, moment: SpaceMoment) -> str:
    """What a mail is known by: there is one of each to each."""
    return f"{space}.{moment}"


def forget_newsletter(connection: Connection, outlet: int) -> None:
    """Forgets all who get one, in a transaction of the caller's."""
    _forget(connection, _S.outlet == outlet)


def _letters(connection: Connection, where: ColumnElement[bool]) -> list[Newsletter]:
    query = select(outlets.c.number, accounts.c.id, accounts.c.handle, accounts.c.name)
    query = query.join(accounts, accounts.c.id == outlets.c.account).order_by(outlets.c.number)
    query = query.where(where, outlets.c.kind == NEWSLETTER, accounts.c.suspended_ms.is_(None))
    return [Newsletter(*row) for row in connection.execute(query)]


def _forget(connection: Connection, where: ColumnElement[bool]) -> None:
    mine = select(_S.number).where(where)
    connection.execute(delete(subscriber_mails).where(_M.subscriber.in_(mine)))
    connection.execute(delete(subscribers).where(where))


def _subscriber(row: Any) -> Subscriber:
    return Subscriber(**{name: getattr(row, name) for name in Subscriber.__struct_fields__})
