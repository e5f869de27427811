"""Everybody who can post: a row that comes with an account, and goes with it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, literal_column, or_, select
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import NotFound
from stentor.people.model import Account
from stentor.social.ids import BITS
from stentor.social.model import Author
from stentor.store import tables
from stentor.store.among import among
from stentor.store.fediverse_tables import federation, remote_actors
from stentor.store.social_tables import actors
from stentor.store.work import Work

ATTEMPTS = 10
"""At numbers: two accounts of the same ms take the same one once in 65,536 times."""
_PEOPLE = tables.accounts


def add_actor(connection: Connection, account: Account) -> int:
    """The row of an account that was made in this transaction; its number."""
    values = {"account": account.id, "handle": account.handle, "name": account.name}
    for _ in range(ATTEMPTS):
        number = (account.created_ms << BITS | secrets.randbits(BITS)) or 1
        taken = connection.execute(select(actors.c.number).where(actors.c.number == number)).scalar()
        if taken is None:
            connection.execute(insert(actors).values(number=number, **values))
            return number
    raise IntegrityError("no free number for an actor", None, ValueError(account.created_ms))


def number_of(connection: Connection, account: str) -> int:
    """The number of an account; raises :class:`NotFound` for one that is gone."""
    found = connection.execute(select(actors.c.number).where(actors.c.account == account)).scalar()
    if found is None:
        raise missing()
    return int(found)


def find_actor(connection: Connection, handle: str) -> Author | None:
    """Somebody here by their handle, or elsewhere as ``name@server``; None for nobody, and for who is suspended."""
    name, _, domain = handle.partition("@")
    elsewhere = (actors.c.handle == name.lower()) & (actors.c.domain == domain.lower())
    there = _read(connection, elsewhere) if domain else _read(connection, _PEOPLE.c.handle == handle, here=True)
    found = list(there)
    return found[0] if found and not found[0].suspended else None


def actors_of(connection: Connection, numbers: Iterable[int]) -> Mapping[int, Author]:
    """Those who are there, by their numbers."""
    wanted = list(set(numbers))
    return {each.number: each for each in _read(connection, among(actors.c.number, wanted))} if wanted else {}


def handles_there(connection: Connection, handles: Iterable[str]) -> Mapping[str, int]:
    """The numbers of those who are there, by their handles: of people elsewhere with their server, and with our own
    name of people here."""
    own = _own_name(connection) if any("@" in each for each in handles) else ""
    here = {each.removesuffix(f"@{own}") if own else each: each for each in handles}
    found = _read(connection, _PEOPLE.c.handle.in_(list(here)), here=True) if here else ()
    there = {here[each.handle]: each.number for each in found if not each.suspended}
    elsewhere = [tuple(each.split("@", 1)) for each in here if "@" in each]
    if elsewhere:
        named = or_(*((actors.c.handle == name) & (actors.c.domain == domain) for name, domain in elsewhere))
        there |= {each.address: each.number for each in _read(connection, named) if not each.suspended}
    return there


def pages_of(connection: Connection, people: Mapping[str, int]) -> Mapping[str, str]:
    """Where the pages of people are, by the handles under which they were named."""
    query = select(remote_actors.c.actor, remote_actors.c.page).where(remote_actors.c.actor.in_(people.values()))
    pages = {row.actor: row.page for row in connection.execute(query)} if any("@" in each for each in people) else {}
    return {handle: pages.get(number) or f"/@{handle.partition('@')[0]}" for handle, number in people.items()}


def _own_name(connection: Connection) -> str:
    files: str = connection.execute(select(federation.c.files)).scalar() or ""
    return files.partition("://")[2]


def missing() -> NotFound:
    """There is no such person."""
    return NotFound("There is no such account.", code="account-not-found")


class ActorsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of_account(self, account: str) -> int:
        """An account's number; raises :class:`NotFound`."""
        return await self._work.read(lambda connection: number_of(connection, account))

    async def find(self, handle: str) -> Author:
        """Somebody by their handle; raises :class:`NotFound`."""
        found = await self._work.read(lambda connection: find_actor(connection, handle))
        if found is None:
            raise missing()
        return found


def _read(connection: Connection, where: ColumnElement[bool], *, here: bool = False) -> Iterable[Author]:
    return map(_actor, connection.execute(_query(here=here).where(where)))


def _query(*, here: bool) -> Select[tuple[object, ...]]:
    """Of people ``here`` only where it is about something of accounts: else SQLite looks at all who are anywhere."""
    people = _PEOPLE.c
    columns = people.handle.label("own"), people.name.label("called"), people.picture_ms, people.suspended_ms
    if here:
        return select(actors, literal_column("''").label("face"), *columns).join_from(actors, _PEOPLE)
    query = select(actors, remote_actors.c.picture.label("face"), *columns).join_from(actors, _PEOPLE, isouter=True)
    return query.join(remote_actors, remote_actors.c.actor == actors.c.number, isouter=True)


def _actor(row: Row[tuple[object, ...]]) -> Author:
    return Author(
        number=row.number,
        account=row.account,
        handle=row.own or row.handle,
        name=row.called or row.name,
        domain=row.domain,
        picture_ms=row.picture_ms,
        face=row.face or "",
        suspended=row.suspended_ms is not None or row.state == "suspended",
    )
