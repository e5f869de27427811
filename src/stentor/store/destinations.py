"""Where spaces are sent to besides, with their keys sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.spaces.simulcast import MOST_DESTINATIONS, DestinationKind, SimulcastDestination
from stentor.store import outgoing_tables
from stentor.store.work import Work

_TABLE = outgoing_tables.destinations
_KNOWN = _TABLE.c.kind.in_([str(kind) for kind in DestinationKind])
"""A newer version, which may run beside this one, may have kinds that this one cannot send."""


class SealedDestination(NamedTuple):
    """One, and its key as the database has it."""

    destination: SimulcastDestination
    sealed: str


class Destinations:
    """All of them. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, wish: SimulcastDestination, sealed: str) -> SimulcastDestination:
        """Makes one; its number is the next. Raises :class:`Conflict` for one too many."""

        def work(connection: Connection) -> SimulcastDestination:
            there = select(func.count()).select_from(_TABLE).where(_TABLE.c.space == wish.space)
            if connection.execute(there).scalar_one() >= MOST_DESTINATIONS:
                raise Conflict(f"There are {MOST_DESTINATIONS} already; delete one.", code="too-many-destinations")
            values = _values(wish) | {"sealed": sealed}
            values.pop("number")
            number = connection.execute(insert(_TABLE).values(values).returning(_TABLE.c.number)).scalar_one()
            return msgspec.structs.replace(wish, number=number)

        return await self._work.write(work)

    async def list(self, space: str) -> Sequence[SimulcastDestination]:
        """Those of a space, the oldest first."""
        query = select(_TABLE).where(_TABLE.c.space == space, _KNOWN).order_by(_TABLE.c.number)
        return await self._work.read(lambda connection: [_read(row) for row in connection.execute(query).mappings()])

    async def find(self, number: int) -> SealedDestination:
        """One; raises :class:`NotFound`."""
        query = select(_TABLE).where(_TABLE.c.number == number)

        def work(connection: Connection) -> SealedDestination:
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                raise _missing()
            return SealedDestination(_read(row), row["sealed"])

        return await self._work.read(work)

    async def turned_on(self) -> Sequence[SealedDestination]:
        """All that are on, of all spaces."""
        query = select(_TABLE).where(_TABLE.c.on, _KNOWN).order_by(_TABLE.c.number)

        def work(connection: Connection) -> list[SealedDestination]:
            return [SealedDestination(_read(row), row["sealed"]) for row in connection.execute(query).mappings()]

        return await self._work.read(work)

    async def change(self, wish: SimulcastDestination, sealed: str | None) -> None:
        """Writes one down as it is to be; without ``sealed`` its key stays. Raises :class:`NotFound`."""
        values = _values(wish) | ({} if sealed is None else {"sealed": sealed})
        query = update(_TABLE).where(_TABLE.c.number == wish.number).values(values)

        def work(connection: Connection) -> None:
            if not connection.execute(query).rowcount:
                raise _missing()

        await self._work.write(work)

    async def delete(self, number: int) -> None:
        """Raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            if not connection.execute(delete(_TABLE).where(_TABLE.c.number == number)).rowcount:
                raise _missing()

        await self._work.write(work)


def _missing() -> NotFound:
    return NotFound("There is no such destination.", code="no-destination")


def _values(wish: SimulcastDestination) -> dict[str, Any]:
    return msgspec.structs.asdict(wish) | {"kind": str(wish.kind)}


def _read(row: RowMapping) -> SimulcastDestination:
    values = {name: row[name] for name in SimulcastDestination.__struct_fields__}
    return SimulcastDestination(**values | {"kind": DestinationKind(values["kind"])})
