"""What hosts write to each other backstage: the newest of each space, in the database so that it outlives a house."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from stentor.base.units import SpaceId
from stentor.store import tables
from stentor.store.work import Work

KEPT = 200
"""Messages of a space; older ones go."""
_TABLE = tables.backstage


class BackChannelLine(msgspec.Struct, frozen=True):
    """One line of the back channel; ``id`` rises."""

    id: int
    name: str
    text: str
    at_ms: int


class BackChannelTable:
    """The back channels of all spaces. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, space: SpaceId, *, name: str, text: str, at_ms: int, account: str = "") -> None:
        """Keeps a message, and of all only the newest :data:`KEPT`; it goes with the account that wrote it."""
        mine = _TABLE.c.space == space

        def work(connection: Connection) -> None:
            connection.execute(insert(_TABLE).values(space=space, name=name, text=text, at_ms=at_ms, account=account))
            newest = select(_TABLE.c.id).where(mine).order_by(_TABLE.c.id.desc()).offset(KEPT).limit(1)
            oldest = connection.execute(newest).scalar()
            if oldest is not None:
                connection.execute(delete(_TABLE).where(mine, _TABLE.c.id <= oldest))

        await self._work.write(work)

    async def newest(self, space: SpaceId) -> Sequence[BackChannelLine]:
        """All that are kept, the oldest first."""
        columns = (_TABLE.c.id, _TABLE.c.name, _TABLE.c.text, _TABLE.c.at_ms)
        query = select(*columns).where(_TABLE.c.space == space).order_by(_TABLE.c.id)

        def work(connection: Connection) -> Sequence[BackChannelLine]:
            return [BackChannelLine(row.id, row.name, row.text, row.at_ms) for row in connection.execute(query)]

        return await self._work.read(work)
