"""What guests wrote beside a space, what is held of it, and who of them is trusted or shut out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from stentor.base.errors import NotFound
from stentor.base.units import SpaceId
from stentor.spaces.comments import Comment
from stentor.spaces.guests import GuestComment, GuestHistory, GuestStanding, GuestVerdict
from stentor.spaces.model import Space
from stentor.store import tables
from stentor.store.spaces import load_space
from stentor.store.work import Work

KEPT = 2000
"""Comments of guests in a space that everybody may read; older ones go."""
MOST_GUESTS = 200
"""Guests in the list of those who are trusted or shut out; the newest."""
_TABLE, _GUESTS = tables.guest_comments, tables.guests


class WaitingComment(msgspec.Struct, frozen=True):
    """A comment that waits. ``guest`` is the digest of its device."""

    id: int
    guest: str
    name: str
    text: str
    at_ms: int


class Guest(msgspec.Struct, frozen=True):
    """A guest whom somebody who keeps order has given a standing; ``name`` is what they called themselves then."""

    guest: str
    name: str
    standing: GuestStanding


Admit = Callable[[Space, GuestHistory], GuestComment]
"""What to keep; what it raises comes through, and nothing is kept."""


class GuestCommentsTable:
    """Of all spaces. Methods raise what those of :class:`~stentor.store.spaces.Store` raise."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(
        self, space: SpaceId, guest: str, *, at_ms: int, admit: Admit, question: bool = False
    ) -> tuple[int, GuestComment]:
        """Keeps what ``admit`` makes of a comment; its number and itself. Writers of a space wait for each other, so
        that never more is held than ``admit`` lets in."""

        def work(connection: Connection) -> tuple[int, GuestComment]:
            found = load_space(connection, space, lock=True)
            made = admit(found, _past(connection, space, guest))
            row = {"space": space, "guest": guest, "name": made.name, "text": made.text, "at_ms": at_ms}
            row["question"] = int(question)
            shown_ms = None if made.held else at_ms
            added = connection.execute(insert(_TABLE).values(**row, shown_ms=shown_ms).returning(_TABLE.c.id))
            if not made.held:
                _trim(connection, space)
            return int(added.scalar_one()), made

        return await self._work.write(work)

    async def held(self, space: SpaceId) -> Sequence[WaitingComment]:
        """What waits, the oldest first."""
        columns = (_TABLE.c.id, _TABLE.c.guest, _TABLE.c.name, _TABLE.c.text, _TABLE.c.at_ms)
        query = select(*columns).where(_waits(space)).order_by(_TABLE.c.id)

        def work(connection: Connection) -> Sequence[WaitingComment]:
            return [WaitingComment(*row) for row in connection.execute(query)]

        return await self._work.read(work)

    async def guests(self, space: SpaceId) -> Sequence[Guest]:
        """Who is trusted or shut out, the newest first."""
        query = select(_GUESTS.c.guest, _GUESTS.c.name, _GUESTS.c.standing).where(_GUESTS.c.space == space)
        query = query.order_by(_GUESTS.c.at_ms.desc(), _GUESTS.c.guest).limit(MOST_GUESTS)

        def work(connection: Connection) -> Sequence[Guest]:
            return [Guest(row.guest, row.name, GuestStanding(row.standing)) for row in connection.execute(query)]

        return await self._work.read(work)

    async def judge(self, space: SpaceId, comment: int, verdict: GuestVerdict, *, at_ms: int) -> None:
        """Carries a verdict out; raises :class:`NotFound` for a comment that is not there."""
        here = and_(_TABLE.c.space == space, _TABLE.c.id == comment)
        query = select(_TABLE.c.guest, _TABLE.c.name).where(here).with_for_update()

        def work(connection: Connection) -> None:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise _missing()
            theirs = and_(_TABLE.c.space == space, _TABLE.c.guest == row.guest)
            if verdict is GuestVerdict.SILENCE:
                connection.execute(delete(_TABLE).where(theirs))
            else:
                which = theirs if verdict is GuestVerdict.TRUST else here
                connection.execute(update(_TABLE).where(which, _TABLE.c.shown_ms.is_(None)).values(shown_ms=at_ms))
                _trim(connection, space)
            if verdict is not GuestVerdict.APPROVE:
                standing = GuestStanding.TRUSTED if verdict is GuestVerdict.TRUST else GuestStanding.SILENCED
                _stand(connection, space, Guest(row.guest, row.name, standing), at_ms)

        await self._work.write(work)

    async def find(self, space: SpaceId, comment: int) -> WaitingComment:
        """One, held or shown; raises :class:`NotFound`."""
        columns = (_TABLE.c.id, _TABLE.c.guest, _TABLE.c.name, _TABLE.c.text, _TABLE.c.at_ms)
        query = select(*columns).where(_TABLE.c.space == space, _TABLE.c.id == comment)

        def work(connection: Connection) -> WaitingComment:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise _missing()
            return WaitingComment(*row)

        return await self._work.read(work)

    async def remove(self, space: SpaceId, comment: int) -> None:
        """Takes a comment away for good, held or shown; raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            gone = connection.execute(delete(_TABLE).where(_TABLE.c.space == space, _TABLE.c.id == comment))
            if gone.rowcount != 1:
                raise _missing()

        await self._work.write(work)

    async def refuse_held(self, space: SpaceId) -> int:
        """Takes all away that waits; how much it was."""
        query = delete(_TABLE).where(_waits(space))
        return await self._work.write(lambda connection: connection.execute(query).rowcount)

    async def forget(self, space: SpaceId, guest: str) -> None:
        """Takes a guest's standing back; one without is no error."""
        query = delete(_GUESTS).where(_GUESTS.c.space == space, _GUESTS.c.guest == guest)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)


def shown_to_all(connection: Connection, space: str, most: int) -> list[Comment]:
    """The newest that everybody may read, the oldest of them first, as of the moment in which they were approved.

    Guests have no handle, and their numbers are negative: those of accounts' comments rise.
    """
    columns = (_TABLE.c.id, _TABLE.c.name, _TABLE.c.text, _TABLE.c.shown_ms)
    here = (_TABLE.c.space == space, _TABLE.c.shown_ms.is_not(None), _TABLE.c.question == 0)
    query = select(*columns).where(*here)
    rows = connection.execute(query.order_by(_TABLE.c.shown_ms.desc(), _TABLE.c.id.desc()).limit(most)).all()
    return [Comment(-row.id, row.name, "", "", row.text, row.shown_ms) for row in reversed(rows)]


def _waits(space: str) -> ColumnElement[bool]:
    return and_(_TABLE.c.space == space, _TABLE.c.shown_ms.is_(None))


def _past(connection: Connection, space: str, guest: str) -> GuestHistory:
    standing = select(_GUESTS.c.standing).where(_GUESTS.c.space == space, _GUESTS.c.guest == guest)
    theirs = and_(_TABLE.c.space == space, _TABLE.c.guest == guest)
    last, there, shown = connection.execute(
        select(func.max(_TABLE.c.at_ms), func.count(), func.count(_TABLE.c.shown_ms)).where(theirs)
    ).one()
    found = connection.execute(standing).scalar()
    held_by_all = connection.execute(select(func.count()).where(_waits(space))).scalar_one()
    return GuestHistory(GuestStanding(found) if found else None, last, there - shown, held_by_all)


def _stand(connection: Connection, space: str, guest: Guest, at_ms: int) -> None:
    connection.execute(delete(_GUESTS).where(_GUESTS.c.space == space, _GUESTS.c.guest == guest.guest))
    row = {"space": space, "guest": guest.guest, "name": guest.name, "standing": guest.standing.value, "at_ms": at_ms}
    connection.execute(insert(_GUESTS).values(**row))


def _trim(connection: Connection, space: str) -> None:
    shown = and_(_TABLE.c.space == space, _TABLE.c.shown_ms.is_not(None))
    surplus = select(_TABLE.c.id).where(shown).order_by(_TABLE.c.shown_ms.desc(), _TABLE.c.id.desc()).offset(KEPT)
    old = list(connection.execute(surplus).scalars())
    if old:
        connection.execute(delete(_TABLE).where(_TABLE.c.id.in_(old)))


def _missing() -> NotFound:
    return NotFound("There is no such comment; it may have been removed.", code="comment-not-found")
