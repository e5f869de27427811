"""Passwords, tickets and lists of private spaces, in the database: of what was given out a hash and digests only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.store import tables
from stentor.store.work import Work

MOST_TICKETS = 20_000
"""Of one space."""
MOST_INVITED = 20_000


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

    async def invite(self, space: str, account: str, at_ms: int) -> None:
        """Puts an account on the list of a space; raises :class:`Conflict` when it is full."""
        table = tables.invited_listeners

        def work(connection: Connection) -> None:
            if _invited(connection, space, account):
                return
            count = connection.execute(select(func.count()).where(table.c.space == space)).scalar_one()
            if count >= MOST_INVITED:
                raise Conflict(f"The list of a space has at most {MOST_INVITED} people.", code="many-invited")
            connection.execute(insert(table).values(space=space, account=account, at_ms=at_ms))

        await self._work.write(work)

    async def uninvite(self, space: str, account: str) -> None:
        """Takes an account off the list; one that is not there is no error."""
        table = tables.invited_listeners
        query = delete(table).where(table.c.space == space, table.c.account == account)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

    async def is_invited(self, space: str, account: str) -> bool:
        return await self._work.read(lambda connection: _invited(connection, space, account))

    async def invited(self, space: str) -> list[tuple[str, str]]:
        """Handle and name of all on the list, by handle."""
        table, people = tables.invited_listeners, tables.accounts
        query = select(people.c.handle, people.c.name).join(table, table.c.account == people.c.id)

        def work(connection: Connection) -> list[tuple[str, str]]:
            found = connection.execute(query.where(table.c.space == space).order_by(people.c.handle))
            return [(row.handle, row.name) for row in found]

        return await self._work.read(work)

    async def people(self, accounts: Sequence[str]) -> list[tuple[str, str]]:
        """Handle and name of those of some accounts that are still there, by handle."""
        table = tables.accounts
        query = select(table.c.handle, table.c.name).where(table.c.id.in_(accounts)).order_by(table.c.handle)
        return await self._work.read(lambda connection: [(row.handle, row.name) for row in connection.execute(query)])


def _invited(connection: Connection, space: str, account: str) -> bool:
    table = tables.invited_listeners
    query = select(table.c.account).where(table.c.space == space, table.c.account == account)
    return connection.execute(query).first() is not None
