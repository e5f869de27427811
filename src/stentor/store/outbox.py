"""What is to be written of public documents, and that it was. One row a document however often it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, bindparam, case, cast, delete, exists, select

from stentor.social.model import OPEN
from stentor.social.public import CARD, POST
from stentor.store.outbox_tables import outbox
from stentor.store.social_tables import posts
from stentor.store.work import Work

_TABLE = outbox.c


class ChangedDocument(NamedTuple):
    """A document that is to be written. ``version`` rises with each change, and begins as the time in ms."""

    kind: str
    id: str
    version: int


class Outbox:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def waiting(self, limit: int, *, before_ms: int | None = None) -> Sequence[ChangedDocument]:
        """Some of what is to be written; with ``before_ms`` only what has waited since then."""
        query = select(_TABLE.kind, _TABLE.id, _TABLE.version).limit(limit)
        if before_ms is not None:
            query = query.where(_TABLE.version < before_ms)
        return await self._work.read(lambda connection: [ChangedDocument(*row) for row in connection.execute(query)])

    async def pressing(self, limit: int, *, before_ms: int | None = None) -> Sequence[ChangedDocument]:
        """The same of what takes something away: posts that are gone, or not for everybody, and people, who may be
        suspended or have another name. These are few, however much waits to be shown."""
        open_ = posts.c.visibility.in_([int(each) for each in OPEN])
        number = case((_TABLE.kind == POST, cast(_TABLE.id, BigInteger)))  # other ids are words
        there = exists().where(posts.c.id == number, open_)
        query = select(_TABLE.kind, _TABLE.id, _TABLE.version).limit(limit)
        query = query.where((_TABLE.kind == CARD) | ((_TABLE.kind == POST) & ~there))
        if before_ms is not None:
            query = query.where(_TABLE.version < before_ms)
        return await self._work.read(lambda connection: [ChangedDocument(*row) for row in connection.execute(query)])

    async def written(self, rows: Sequence[ChangedDocument]) -> None:
        """Takes away what was written, where it has not changed meanwhile."""

        # All of them by one statement that is prepared once: row by row it held up the process's other threads.
        same = (_TABLE.kind == bindparam("k")) & (_TABLE.id == bindparam("i")) & (_TABLE.version == bindparam("v"))
        values = [{"k": row.kind, "i": row.id, "v": row.version} for row in rows]

        def work(connection: Connection) -> None:
            connection.execute(delete(outbox).where(same), values)

        if values:
            await self._work.write(work)
