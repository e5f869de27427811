"""Deleting an account: one transaction decides, and orders what is to be done outside of the database.

At once go: profile, ways to sign in, sessions, invitations, comments, requests to speak, what was written backstage,
and the name from all events and from the record of accounts. Jobs do the rest (``house.accounts.erasure``). What is
left is a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select

from stentor.base.errors import NotFound
from stentor.people.record import Deed, RecordEntry
from stentor.spaces.model import ON_AIR
from stentor.store import social_tables, tables
from stentor.store.actor_keys import depart
from stentor.store.jobs import KEPT_MS, Jobs, Progress, Wanted, add_jobs
from stentor.store.leaving import take_out_of_counts
from stentor.store.moderation import forget_person
from stentor.store.persons import erase_names, numbers_of
from stentor.store.record import add_entry, forget_handle
from stentor.store.shows import forget_account
from stentor.store.work import Work

PORTRAITS, PERSON, CHAT, LIST = "erase-portraits", "erase-person", "erase-comments", "list-deletion"
MEDIA: Final = "erase-media"
"""Kinds of jobs. Keys: the account, a space, a space, the account, the account; the last with its ``actor``."""
MOST_LISTED = 100
_TABLE = tables.deletions


class Deletion(msgspec.Struct, frozen=True):
    """An account that was deleted."""

    number: int
    asked_ms: int

    @property
    def subject(self) -> str:
        """Of its jobs."""
        return f"deletion {self.number}"

    @property
    def handle(self) -> str:
        """What the record of accounts says instead of the handle; no handle looks like it."""
        return f"deleted:{self.number}"


class Deletions:
    """Methods may raise :class:`Overloaded` when the database does not answer; then nothing is half done."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def delete(self, account: str, *, by: str | None, digest: str, now_ms: int) -> Deletion:
        """Deletes an account; raises :class:`NotFound`. ``by`` is the account that asks, None the admin token's
        holder; ``digest`` is of the token that shows how far it is."""
        return await self._work.write(lambda connection: _delete(connection, account, by, digest, now_ms))

    async def find(self, digest: str) -> Deletion:
        """By its token; raises :class:`NotFound`."""
        found = await self._read(_TABLE.c.digest == digest)
        if not found:
            raise NotFound("There is no such deletion; it may be over for long.", code="deletion-not-found")
        return found[0]

    async def newest(self) -> Sequence[Deletion]:
        """The newest :data:`MOST_LISTED` of the last thirty days."""
        return await self._read(_TABLE.c.number > 0)

    async def numbers(self, space: str, account: str) -> dict[str, int]:
        """The seats that an account had in a space, and its person's numbers in the events."""
        return dict(await self._work.read(lambda connection: numbers_of(connection, space, account)))

    async def progress(self, deletion: Deletion) -> Sequence[Progress]:
        """How far its jobs are."""
        return await Jobs(self._work).progress(deletion.subject)

    async def _read(self, where: ColumnElement[bool]) -> Sequence[Deletion]:
        query = select(_TABLE.c.number, _TABLE.c.asked_ms).where(where)
        query = query.order_by(_TABLE.c.number.desc()).limit(MOST_LISTED)

        def work(connection: Connection) -> Sequence[Deletion]:
            return [Deletion(row.number, row.asked_ms) for row in connection.execute(query)]

        return await self._work.read(work)


def _delete(connection: Connection, account: str, by: str | None, digest: str, now_ms: int) -> Deletion:
    people = tables.accounts
    handle = connection.execute(
        select(people.c.handle).where(people.c.id == account).with_for_update()
    ).scalar_one_or_none()
    if handle is None:
        raise NotFound("There is no such account.", code="account-not-found")
    deletion = _number(connection, digest, now_ms)
    wanted = [Wanted(CHAT, space, deletion.subject) for space in _commented(connection, account)]
    _forget_words(connection, account)
    forget_person(connection, account)
    take_out_of_counts(connection, account)
    forget_account(connection, account, now_ms)
    spaces = {*erase_names(connection, account), *_seated(connection, account)}
    wanted += [Wanted(PERSON, space, deletion.subject, {"account": account}) for space in sorted(spaces)]
    wanted += [Wanted(kind, account, deletion.subject) for kind in (PORTRAITS, LIST)]
    wanted += [Wanted(MEDIA, account, deletion.subject, {"actor": each}) for each in _actors(connection, account)]
    for each in _actors(connection, account):
        depart(connection, each, now_ms=now_ms)
    connection.execute(delete(people).where(people.c.id == account))
    _note(connection, deletion, account, by, now_ms)
    add_jobs(connection, wanted, now_ms=now_ms)
    return deletion


def _number(connection: Connection, digest: str, now_ms: int) -> Deletion:
    """Those whose jobs are forgotten by now are forgotten too."""
    connection.execute(delete(_TABLE).where(_TABLE.c.asked_ms < now_ms - KEPT_MS))
    made = connection.execute(insert(_TABLE).values(digest=digest, asked_ms=now_ms).returning(_TABLE.c.number))
    return Deletion(int(made.scalar_one()), now_ms)


def _commented(connection: Connection, account: str) -> Sequence[str]:
    """Where the edges may show what the person wrote."""
    comments, spaces = tables.comments, tables.spaces
    query = select(comments.c.space).join(spaces, spaces.c.id == comments.c.space).distinct()
    on_air = spaces.c.state.in_([state.value for state in ON_AIR])
    return list(connection.execute(query.where(comments.c.account == account, on_air)).scalars())


def _forget_words(connection: Connection, account: str) -> None:
    """Takes away what hangs on the person by other ways than the account's row."""
    backstage, persons, invitations = tables.backstage, tables.persons, tables.site_invitations
    connection.execute(delete(tables.requests).where(tables.requests.c.account == account))
    connection.execute(delete(invitations).where(invitations.c.made_by == account))
    theirs = exists().where(
        persons.c.account == account, persons.c.space == backstage.c.space, persons.c.name == backstage.c.name
    )
    unsigned = (backstage.c.account == "") & theirs  # written before lines had their account
    connection.execute(delete(backstage).where((backstage.c.account == account) | unsigned))


def _actors(connection: Connection, account: str) -> Sequence[int]:
    """The number under which they posted."""
    actors = social_tables.actors
    return list(connection.execute(select(actors.c.number).where(actors.c.account == account)).scalars())


def _seated(connection: Connection, account: str) -> Sequence[str]:
    return list(connection.execute(select(tables.seats.c.space).where(tables.seats.c.account == account)).scalars())


def _note(connection: Connection, deletion: Deletion, account: str, by: str | None, now_ms: int) -> None:
    """Writes into the record that it was deleted, and takes its handle out of all that stands there."""
    people = tables.accounts
    asked = connection.execute(select(people.c.handle).where(people.c.id == (by or ""))).scalar_one_or_none()
    who = deletion.handle if by == account else asked or ""
    entry = RecordEntry(at_ms=now_ms, by=who, handle=deletion.handle, deed=Deed.DELETED)
    add_entry(connection, entry, by_account=by or "", account=account)
    forget_handle(connection, account, instead=deletion.handle)
