"""What posts at networks that take money have cost the site, by month. Money is in millionths of a US dollar."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from stentor.store.outlet_tables import outlet_costs
from stentor.store.work import Work

_C = outlet_costs.c


class OutletCosts:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def spent(self, kind: str, now_ms: int) -> int:
        """In the month of a moment."""
        mine = (_C.kind == kind) & (_C.month == month(now_ms))
        query = select(_C.micros).where(mine)
        return await self._work.read(lambda connection: int(connection.execute(query).scalar() or 0))

    async def spend(self, kind: str, micros: int, most: int, now_ms: int) -> bool:
        """Notes that something is spent, unless that would be more than ``most`` in this month."""
        mine = (_C.kind == kind) & (_C.month == month(now_ms))

        def work(connection: Connection) -> bool:
            if connection.execute(select(_C.micros).where(mine)).scalar() is None:
                connection.execute(insert(outlet_costs).values(kind=kind, month=month(now_ms), micros=0))
            more = update(outlet_costs).where(mine, _C.micros + micros <= most).values(micros=_C.micros + micros)
            return connection.execute(more).rowcount > 0

        return await self._work.write(work)

    async def take_back(self, kind: str, micros: int, now_ms: int) -> None:
        """It surely was not spent."""
        mine = (_C.kind == kind) & (_C.month == month(now_ms)) & (_C.micros >= micros)
        query = update(outlet_costs).where(mine).values(micros=_C.micros - micros)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)


def month(now_ms: int) -> str:
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y-%m}"
