"""What administrators have set for the site, in the database: one row."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, insert, select, update

from stentor.people.site import SiteWishes
from stentor.store import tables
from stentor.store.work import Work

ROW = 1
_TABLE = tables.site
_decoder = msgspec.json.Decoder(SiteWishes)


class SiteTable:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def read(self) -> tuple[SiteWishes, bytes]:
        """The wishes and the logo, which is empty where there is none."""
        return await self._work.read(_read)

    async def change(self, change: Callable[[SiteWishes], SiteWishes]) -> None:
        """Keeps what ``change`` makes of the wishes; of two who change at once, the second sees the first's."""

        def work(connection: Connection) -> None:
            _put(connection, body=msgspec.json.encode(change(_read(connection)[0])).decode())

        await self._work.write(work)

    async def set_logo(self, logo: bytes) -> None:
        """Keeps a logo; empty for none."""
        await self._work.write(lambda connection: _put(connection, logo=logo or None))


def _read(connection: Connection) -> tuple[SiteWishes, bytes]:
    row = connection.execute(select(_TABLE.c.body, _TABLE.c.logo).where(_TABLE.c.id == ROW)).one_or_none()
    return (_decoder.decode(row.body), row.logo or b"") if row else (SiteWishes(), b"")


def _put(connection: Connection, **values: object) -> None:
    if connection.execute(update(_TABLE).where(_TABLE.c.id == ROW).values(**values)).rowcount == 0:
        connection.execute(insert(_TABLE).values(**({"body": "{}", "logo": None} | values), id=ROW))
