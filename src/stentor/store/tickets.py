"""Passwords and tickets of private spaces, in the database: a hash and digests, never what was given out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.store import tables
from stentor.store.work import Work

MOST_TICKETS = 20_000
"""Of one space."""


class PrivateTable:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def password(self, space: str) -> str | None:
        """The hash of a space's password."""
        table = tables.space_passwords

        def work(connection: Connection) -> str | None:
            return connection.execute(select(table.c.hash).where(table.c.space == space)).scalar_one_or_none()

        return await self._work.read(work)

    async def set_password(self, space: str, hashed: str, at_ms: int) -> None:
        table = tables.space_passwords

        def work(connection: Connection) -> None:
            connection.execute(delete(table).where(table.c.space == space))
            connection.execute(insert(table).values(space=space, hash=hashed, set_ms=at_ms))

        await self._work.write(work)

    async def add(self, space: str, told: Sequence[tuple[str, str]]) -> list[int]:
        """Keeps tickets as (name, digest of the code) and gives their numbers; raises :class:`Conflict`."""
        table = tables.tickets

        def work(connection: Connection) -> list[int]:
            where = table.c.space == space
            last, count = connection.execute(
                select(func.coalesce(func.max(table.c.number), 0), func.count()).where(where)
            ).one()
            if count + len(told) > MOST_TICKETS:
                raise Conflict(f"A space has at most {MOST_TICKETS} tickets.", code="many-tickets")
            numbers = list(range(last + 1, last + 1 + len(told)))
            rows = [
                {"space": space, "number": number, "name": name, "digest": digest}
                for number, (name, digest) in zip(numbers, told, strict=True)
            ]
            connection.execute(insert(table), rows)
            return numbers

        return await self._work.write(work)

    async def tickets(self, space: str) -> list[tuple[int, str, int | None]]:
        """Number, name and last use of all that open something."""
        table = tables.tickets
        query = select(table.c.number, table.c.name, table.c.used_ms).where(
            table.c.space == space, table.c.digest != ""
        )

        def work(connection: Connection) -> list[tuple[int, str, int | None]]:
            return [(row.number, row.name, row.used_ms) for row in connection.execute(query.order_by(table.c.number))]

        return await self._work.read(work)

    async def find(self, space: str, digest: str) -> int | None:
        """The number of the ticket with this code."""
        table = tables.tickets
        query = select(table.c.number).where(table.c.space == space, table.c.digest == digest)

        def work(connection: Connection) -> int | None:
            return connection.execute(query).scalar_one_or_none()

        return await self._work.read(work)

    async def use(self, space: str, number: int, at_ms: int) -> None:
        table = tables.tickets
        where = table.c.space == space, table.c.number == number

        def work(connection: Connection) -> None:
            connection.execute(update(table).where(*where).values(used_ms=at_ms))

        await self._work.write(work)

    async def withdraw(self, space: str, number: int) -> None:
        """The ticket opens nothing any more, and its number is not given again; raises :class:`NotFound`."""
        table = tables.tickets
        where = table.c.space == space, table.c.number == number, table.c.digest != ""

        def work(connection: Connection) -> None:
            if connection.execute(update(table).where(*where).values(digest="", name="")).rowcount == 0:
                raise NotFound("There is no such ticket.", code="ticket-not-found")

        await self._work.write(work)
