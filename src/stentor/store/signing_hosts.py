"""Servers that want RFC 9421: all others are signed to as the draft says first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, select, text

from stentor.store.fediverse_tables import signing_hosts
from stentor.store.work import Work

MOST: Final = 20_000
"""The oldest go: what was forgotten costs one more request."""
_HOST = signing_hosts.c
_KEEP: Final = text("INSERT INTO signing_hosts (host, at_ms) VALUES (:host, :at_ms) ON CONFLICT DO NOTHING")


class SigningHosts:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def all(self) -> Sequence[str]:
        """The oldest first."""
        query = select(_HOST.host).order_by(_HOST.at_ms)
        return await self._work.read(lambda connection: list(connection.execute(query).scalars()))

    async def keep(self, host: str, *, now_ms: int) -> None:
        """A server wants it from now on."""
        edge = select(_HOST.at_ms).order_by(_HOST.at_ms.desc()).offset(MOST).limit(1).scalar_subquery()

        def work(connection: Connection) -> None:
            connection.execute(_KEEP, {"host": host[:255], "at_ms": now_ms})
            connection.execute(delete(signing_hosts).where(_HOST.at_ms <= edge))

        await self._work.write(work)

    async def drop(self, host: str) -> None:
        """A server does not want it any more; it is no error that it never did."""
        gone = delete(signing_hosts).where(_HOST.host == host[:255])

        def work(connection: Connection) -> None:
            connection.execute(gone)

        await self._work.write(work)
