"""The record of what is done to accounts: the newest entries; handles of deleted accounts are taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, insert, select, update

from stentor.people.record import Deed, RecordEntry
from stentor.store import tables
from stentor.store.webhooks import order_deed
from stentor.store.work import Work

PAGE = 100
"""Entries that are read at once."""
KEPT: Final = 100_000
"""The newest entries; about 20 MB."""
_TABLE = tables.account_record


class Record:
    """All entries. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, entry: RecordEntry, *, by_account: str, account: str) -> None:
        """Writes an entry down, with the ids of both accounts (empty for none); its own id is the next one."""
        await self._work.write(lambda connection: add_entry(connection, entry, by_account=by_account, account=account))

    async def about(self, account: str) -> Sequence[RecordEntry]:
        """All entries of what was done to an account, or by it; the newest first."""
        either = (_TABLE.c.by_account == account) | (_TABLE.c.account == account)
        return await self._read(select(_TABLE).where(either).order_by(_TABLE.c.id.desc()))

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


def add_entry(connection: Connection, entry: RecordEntry, *, by_account: str, account: str) -> None:
    """What :meth:`Record.add` does, inside a transaction."""
    values = {"at_ms": entry.at_ms, "by": entry.by, "handle": entry.handle}
    values |= {"by_account": by_account, "account": account}
    values |= {"deed": entry.deed.value, "detail": entry.detail}
    newest = connection.execute(insert(_TABLE).values(values).returning(_TABLE.c.id)).scalar_one()
    connection.execute(delete(_TABLE).where(_TABLE.c.id <= newest - KEPT))
    order_deed(connection, newest, at_ms=entry.at_ms)


def forget_handle(connection: Connection, account: str, *, instead: str) -> None:
    """Puts something else where the handle of an account stands."""
    connection.execute(update(_TABLE).where(_TABLE.c.account == account).values(handle=instead))
    connection.execute(update(_TABLE).where(_TABLE.c.by_account == account).values(by=instead))
