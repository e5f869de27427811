"""The record of what is done to accounts: only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from stentor.people.record import Deed, RecordEntry
from stentor.store import tables
from stentor.store.work import Work

PAGE = 100
"""Entries that are read at once."""
MOST_OF_ONE = 1000
_TABLE = tables.account_record


class Record:
    """All entries. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, entry: RecordEntry, *, by_account: str, account: str) -> None:
        """Writes an entry down, with the ids of both accounts (empty for none); its own id is the next one."""
        values = {"at_ms": entry.at_ms, "by": entry.by, "handle": entry.handle}
        values |= {"by_account": by_account, "account": account}
        values |= {"deed": entry.deed.value, "detail": entry.detail}

        def work(connection: Connection) -> None:
            connection.execute(insert(_TABLE).values(values))

        await self._work.write(work)

    async def about(self, account: str) -> Sequence[RecordEntry]:
        """The newest :data:`MOST_OF_ONE` entries of what was done to an account, or by it; the newest first."""
        either = (_TABLE.c.by_account == account) | (_TABLE.c.account == account)
        return await self._read(select(_TABLE).where(either).order_by(_TABLE.c.id.desc()).limit(MOST_OF_ONE))

    async def newest(self, *, before: int | None = None) -> Sequence[RecordEntry]:
        """The newest :data:`PAGE` entries, the newest first; of those below the id ``before``."""
        query = select(_TABLE).order_by(_TABLE.c.id.desc()).limit(PAGE)
        if before is not None:
            query = query.where(_TABLE.c.id < before)

        return await self._read(query)

    async def _read(self, query: Select[Any]) -> Sequence[RecordEntry]:
        def work(connection: Connection) -> Sequence[RecordEntry]:
            return [
                RecordEntry(
                    id=row.id, at_ms=row.at_ms, by=row.by, handle=row.handle, deed=Deed(row.deed), detail=row.detail
                )
                for row in connection.execute(query)
            ]

        return await self._work.read(work)
