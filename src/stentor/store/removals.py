"""Spaces of which something was removed that is still stored: a list of work that outlives every process."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, and_, delete, select, update

from stentor.spaces.model import Space
from stentor.store import tables
from stentor.store.work import Work

_TABLE = tables.spaces
_decoder = msgspec.json.Decoder(Space)


class RemovalsTable:
    """Every method may raise :class:`Overloaded` when the database does not answer, and reads by index only."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def waiting(self, *, limit: int) -> Sequence[Space]:
        """Spaces with something to erase."""

        def work(connection: Connection) -> Sequence[Space]:
            query = select(_TABLE.c.body).where(tables.UNERASED).limit(limit)
            return [_decoder.decode(body) for body in connection.execute(query).scalars()]

        return await self._work.read(work)

    async def erased(self, space: str, removals: int) -> None:
        """Notes that nothing is stored any more of so many removals."""

        def work(connection: Connection) -> None:
            mine = and_(_TABLE.c.id == space, _TABLE.c.erased < removals)
            connection.execute(update(_TABLE).where(mine).values(erased=removals))

        await self._work.write(work)

    async def unlist(self, space: str) -> None:
        """Takes a recording of which nothing is left out of the list of recordings."""

        def work(connection: Connection) -> None:
            connection.execute(delete(tables.recordings).where(tables.recordings.c.space == space))

        await self._work.write(work)

    async def forget_people(self, space: str) -> None:
        """Deletes what people wrote in a space that was removed: comments, the back channel, requests to speak."""

        def work(connection: Connection) -> None:
            for table in (tables.comments, tables.backstage, tables.requests, tables.silenced):
                connection.execute(delete(table).where(table.c.space == space))

        await self._work.write(work)
