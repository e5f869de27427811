"""What brought people to a space, by way: how many messages went out, how many people were told that it is on, and how
many came. Sums, which name nobody and are kept when the reminders are forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from stentor.store.reminder_tables import reach
from stentor.store.work import Work
from stentor.wire.ways import REMINDERS

LATEST: Final = 50
"""Spaces of which it is known how many came, by which the next are judged."""
_COUNTED: Final = reach.c.way.in_(REMINDERS)
"""Of reminders alone: who comes by a post elsewhere often comes by a link of theirs, which says nothing."""


class Reached(msgspec.Struct, frozen=True):
    """Of one way to a space."""

    sent: int = 0
    """Messages: this is what it cost."""
    told: int = 0
    """People who were told that it is on, or starts soon."""
    came: int | None = None
    """Times that somebody came by such a link; None before the space is over."""


class ReachTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of(self, space: str) -> dict[str, Reached]:
        """By way."""
        query = select(reach).where(reach.c.space == space).order_by(reach.c.way)
        return await self._work.read(
            lambda connection: {row.way: Reached(row.sent, row.told, row.came) for row in connection.execute(query)}
        )

    async def sent(self, space: str, way: str, *, sent: int, told: int = 0) -> None:
        """Adds to what went out."""
        await self._work.write(lambda connection: count_sent(connection, space, way, sent=sent, told=told))

    async def came(self, space: str, ways: Mapping[str, int], *, now_ms: int) -> None:
        """Writes down how many came to a space that is over; also that nobody came by a way that was used."""

        def work(connection: Connection) -> None:
            known = connection.execute(select(reach.c.way).where(reach.c.space == space)).scalars().all()
            for way in sorted({*known, *ways}):
                if way not in known:
                    count_sent(connection, space, way, sent=0, told=0)
                mine = (reach.c.space == space) & (reach.c.way == way)
                connection.execute(update(reach).where(mine).values(came=ways.get(way, 0), came_ms=now_ms))

        await self._work.write(work)

    async def measured(self) -> tuple[int, int]:
        """People who were told of the latest spaces, and how many of them came."""
        latest = select(reach.c.space).where(reach.c.came.is_not(None), reach.c.told > 0, _COUNTED)
        latest = latest.group_by(reach.c.space).order_by(func.max(reach.c.came_ms).desc()).limit(LATEST)
        query = select(func.sum(reach.c.told), func.sum(reach.c.came)).where(
            reach.c.space.in_(latest), reach.c.told > 0, reach.c.came.is_not(None), _COUNTED
        )

        def work(connection: Connection) -> tuple[int, int]:
            told, came = connection.execute(query).one()
            return int(told or 0), int(came or 0)

        return await self._work.read(work)


def count_sent(connection: Connection, space: str, way: str, *, sent: int, told: int) -> None:
    """Adds to what went out, in a transaction of the caller's."""
    mine = (reach.c.space == space) & (reach.c.way == way)
    values = {"sent": reach.c.sent + sent, "told": reach.c.told + told}
    if not connection.execute(update(reach).where(mine).values(values)).rowcount:
        connection.execute(insert(reach).values(space=space, way=way, sent=sent, told=told))
