"""Who wants to be told of a space, and of what they were told. Addresses are sealed; they go when all is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Overloaded
from stentor.base.times import zone_of
from stentor.spaces import reminders
from stentor.spaces.events import Event
from stentor.spaces.model import Space
from stentor.spaces.reminders import News, NewsMark, Way
from stentor.spaces.shows import Show
from stentor.store import tables
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.reach import count_sent
from stentor.store.reminder_tables import reminded
from stentor.store.reminder_tables import reminders as table
from stentor.store.show_tables import shows
from stentor.store.telling import put_reminder
from stentor.store.work import Work

REMIND: Final = "remind"
"""The kind of the house's job that hands a piece of news over, by space."""
FORGET: Final = "forget-reminders"
UNCONFIRMED: Final = "forget-unconfirmed"
ON_SITE: Final = "remind-site"
"""Tells some of those who have an account: as couriers' jobs of reminders."""
LONGEST_ZONE: Final = 60
"""The longest name of a time zone has 32 characters."""
_space = msgspec.json.Decoder(Space)
_show = msgspec.json.Decoder(Show)


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who wants to be told. ``address`` is sealed; times are ms since 1970 (UTC)."""

    number: int
    space: str
    way: Way
    host: str
    address: str
    language: str
    made_ms: int
    confirmed_ms: int | None
    zone: str
    """By whose clocks they read a time, a name of the IANA time zone database; empty where nobody said."""


class RemindersTable:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(
        self,
        space: Space,
        way: Way,
        who: str,
        *,
        host: str,
        address: str,
        language: str,
        zone: str,
        now_ms: int,
        known: bool,
    ) -> tuple[Reminder, bool]:
        """Keeps a reminder, and whether it is new; one that is there already stays. ``known``: the address is
        confirmed. What is to be done at its time is ordered in the same transaction. A ``zone`` that there is not is
        none. Raises :class:`Overloaded` when a space has too many."""

        def work(connection: Connection) -> tuple[Reminder, bool]:
            mine = (table.c.space == space.id) & (table.c.way == way.value) & (table.c.who == who)
            found = connection.execute(select(table).where(mine)).mappings().one_or_none()
            if found is not None:
                return _reminder(found), False
            asked = select(func.count()).select_from(table).where(table.c.space == space.id)
            count = int(connection.execute(asked).scalar_one())
            if count >= reminders.MOST_REMINDERS:
                raise Overloaded(
                    "Too many people want to be reminded of this.", code="reminders-full", retry_after_s=3600.0
                )
            values = {
                "space": space.id, "way": way.value, "who": who, "host": host[:255], "address": address,
                "language": language, "made_ms": now_ms, "confirmed_ms": now_ms if known else None,
                "zone": zone if len(zone) <= LONGEST_ZONE and zone_of(zone) else "",
            }  # fmt: skip
            row = connection.execute(insert(table).values(values).returning(*table.c)).mappings().one()
            if count == 0 and space.scheduled_ms is not None:
                _order_timed(connection, space.id, space.scheduled_ms, now_ms)
            if not known:
                wanted = [Wanted(UNCONFIRMED, str(row["number"]))]
                add_jobs(connection, wanted, now_ms=now_ms, after_ms=reminders.CONFIRM_MS)
            return _reminder(row), True

        try:
            return await self._work.write(work)
        except IntegrityError:  # two presses at once
            return await self._work.write(work)

    async def get(self, number: int) -> Reminder | None:
        """One, by its number."""
        found = await self._read(table.c.number == number)
        return found[0] if found else None

    async def confirm(self, number: int, *, now_ms: int) -> bool:
        """Notes that an address is its person's; False where there is none (any more)."""
        query = update(table).where(table.c.number == number)
        query = query.values(confirmed_ms=func.coalesce(table.c.confirmed_ms, now_ms))
        return await self._work.write(lambda connection: connection.execute(query).rowcount > 0)

    async def take(self, number: int) -> None:
        """Forgets one, its address and of what it was told."""
        await self._delete(table.c.number == number)

    async def forget(self, space: str) -> None:
        """Forgets all of a space."""
        await self._delete(table.c.space == space)

    async def forget_unconfirmed(self, number: int) -> None:
        """Forgets one that nobody has confirmed."""
        await self._delete((table.c.number == number) & table.c.confirmed_ms.is_(None))

    async def counted(self, space: str) -> dict[Way, int]:
        """How many wait to be told of a space, by way."""
        query = select(table.c.way, func.count()).where(table.c.space == space, table.c.confirmed_ms.is_not(None))

        def work(connection: Connection) -> dict[Way, int]:
            found = connection.execute(query.group_by(table.c.way))
            return {Way(way): int(count) for way, count in found}

        return await self._work.read(work)

    async def untold(
        self, space: Space, mark: NewsMark, made_ms: int, *, way: Way, after: int, most: int, host: str = "",
        upto: int = 0,
    ) -> Sequence[Reminder]:  # fmt: skip
        """The next of those who are to be told of a mark and were not, by their numbers: those who asked before the
        news of ``made_ms``; with ``upto`` those of one ``host`` up to that number."""
        marks = reminders.enough(mark, space, made_ms)
        where = (table.c.space == space.id) & (table.c.way == way.value) & (table.c.number > after)
        where &= table.c.confirmed_ms.is_not(None) & (table.c.made_ms <= made_ms)
        where &= ~table.c.number.in_(select(reminded.c.reminder).where(reminded.c.mark.in_(marks)))
        if upto:
            where &= (table.c.host == host) & (table.c.number <= upto)
        return await self._read(where, most)

    async def told(self, numbers: Sequence[int], mark: str, *, now_ms: int) -> None:
        """Notes of what some were told; those who took it back meanwhile are left out."""
        if numbers:
            await self._work.write(lambda connection: _note_told(connection, numbers, mark, now_ms))

    async def notify(self, found: Mapping[int, int], mark: NewsMark, space: str, *, now_ms: int) -> None:
        """Tells people here, by the numbers of their reminders and of themselves, and notes it, all at once."""

        def work(connection: Connection) -> None:
            for number in _note_told(connection, list(found), mark.text, now_ms):
                put_reminder(connection, found[number], space, mark.news.value, now_ms=now_ms)

        await self._work.write(work)

    async def order(self, space: str, mark: NewsMark, *, now_ms: int, after_ms: int) -> None:
        """Orders that a piece of news is handed over later."""
        wanted = [_wanted(space, mark)]
        await self._work.write(lambda connection: add_jobs(connection, wanted, now_ms=now_ms, after_ms=after_ms))

    async def order_step(self, wanted: Wanted, *, now_ms: int, due_ms: int) -> None:
        """Orders a job of the house, in its moment."""
        after_ms = max(0, due_ms - now_ms)
        await self._work.write(lambda connection: add_jobs(connection, [wanted], now_ms=now_ms, after_ms=after_ms))

    async def space(self, space: str) -> Space | None:
        """A space as it is now."""
        query = select(tables.spaces.c.body).where(tables.spaces.c.id == space)

        def work(connection: Connection) -> Space | None:
            found = connection.execute(query).scalar_one_or_none()
            return _space.decode(found) if found is not None else None

        return await self._work.read(work)

    async def zone(self, found: Reminder, space: Space) -> str:
        """By whose clocks they are told a time: their own, else the show's; empty where neither is known."""
        if found.zone or not space.show:
            return found.zone
        query = select(shows.c.body).where(shows.c.id == space.show)

        def work(connection: Connection) -> str:
            body = connection.execute(query).scalar_one_or_none()
            return _show.decode(body).newest.rule.zone if body is not None else ""

        return await self._work.read(work)

    async def _read(self, where: ColumnElement[bool], most: int = 1) -> Sequence[Reminder]:
        query = select(table).where(where).order_by(table.c.number).limit(most)
        return await self._work.read(
            lambda connection: [_reminder(row) for row in connection.execute(query).mappings()]
        )

    async def _delete(self, where: ColumnElement[bool]) -> None:
        def work(connection: Connection) -> None:
            connection.execute(delete(reminded).where(reminded.c.reminder.in_(select(table.c.number).where(where))))
            connection.execute(delete(table).where(where))

        await self._work.write(work)


def _note_told(connection: Connection, numbers: Sequence[int], mark: str, now_ms: int) -> list[int]:
    """Those of whom it was not noted yet, and who are still there."""
    there = select(table.c.number, table.c.space, table.c.way).where(table.c.number.in_(numbers))
    rows = {row.number: row for row in connection.execute(there)}
    known = select(reminded.c.reminder).where(reminded.c.mark == mark, reminded.c.reminder.in_(numbers))
    new = sorted(rows.keys() - set(connection.execute(known).scalars()))
    if new:
        connection.execute(insert(reminded), [{"reminder": each, "mark": mark, "at_ms": now_ms} for each in new])
        first = rows[new[0]]
        calls = mark == News.LIVE or mark.startswith(News.SOON)
        count_sent(connection, first.space, first.way, sent=len(new), told=len(new) if calls else 0)
    return new


def order_reminders(connection: Connection, space: Space, events: Sequence[Event]) -> None:
    """Orders that people are told of what is new, and when their addresses are forgotten, in the transaction of it."""
    marks, after_ms = reminders.news_of(events), reminders.forget_after_ms(events)
    if not marks and after_ms is None:
        return
    if connection.execute(select(table.c.number).where(table.c.space == space.id).limit(1)).first() is None:
        return
    now_ms = events[-1].at_ms
    add_jobs(connection, [_wanted(space.id, mark) for mark in marks], now_ms=now_ms)
    for mark in marks:
        if mark.news is News.CHANGED:
            _order_timed(connection, space.id, mark.at_ms, now_ms)
    if after_ms is not None:
        add_jobs(connection, [Wanted(FORGET, space.id)], now_ms=now_ms, after_ms=after_ms)


def _order_timed(connection: Connection, space: str, scheduled_ms: int, now_ms: int) -> None:
    """What is told at its time, unless something else happens."""
    soon_ms = max(0, scheduled_ms - reminders.SOON_MS - now_ms)
    add_jobs(connection, [_wanted(space, NewsMark(News.SOON, scheduled_ms))], now_ms=now_ms, after_ms=soon_ms)
    after_ms = max(0, scheduled_ms + reminders.LATE_MS - now_ms)
    add_jobs(connection, [_wanted(space, NewsMark(News.LATE, scheduled_ms))], now_ms=now_ms, after_ms=after_ms)
    add_jobs(connection, [Wanted(FORGET, space)], now_ms=now_ms, after_ms=after_ms + reminders.KEPT_MS)


def _wanted(space: str, mark: NewsMark) -> Wanted:
    return Wanted(REMIND, space, payload={"news": mark.news.value, "at": mark.at_ms})


def _reminder(row: Any) -> Reminder:
    values = {name: row[name] for name in Reminder.__struct_fields__}
    return Reminder(**{**values, "way": Way(values["way"])})
