"""Comments and who is shut out of them. Names are not kept with them: an account that goes takes its comments along."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select

from stentor.base.errors import NotFound
from stentor.base.units import SpaceId
from stentor.spaces.comments import Comment
from stentor.spaces.model import Space
from stentor.store import tables
from stentor.store.decisions import require_free
from stentor.store.guest_comments import shown_to_all
from stentor.store.spaces import load_space
from stentor.store.work import Work

KEPT = 5000
"""Comments of a space; older ones go. At one a second, the most of an evening."""
TRIM_EVERY = 100
"""One comment in so many looks whether there are more."""
MOST_SILENCED = 200
"""People in the list of those who are shut out; the newest."""
_TABLE, _PEOPLE, _SILENCED = tables.comments, tables.accounts, tables.silenced


class CommentHistory(msgspec.Struct, frozen=True):
    """What a person did in a space before: when they wrote last (None: never), and whether they are shut out."""

    last_ms: int | None
    silenced: bool


class Written(msgspec.Struct, frozen=True):
    """A comment of an account, for whoever takes all of theirs along."""

    space: str
    text: str
    at_ms: int


class SilencedPerson(msgspec.Struct, frozen=True):
    """Somebody who is shut out."""

    handle: str
    name: str


Admit = Callable[[Space, CommentHistory], str]
"""The text to keep; what it raises comes through, and nothing is kept."""


class CommentsTable:
    """The comments of all spaces. Methods raise what those of :class:`~stentor.store.spaces.Store` raise."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(
        self,
        space: SpaceId,
        account: str,
        *,
        role: Callable[[Space], str],
        at_ms: int,
        admit: Admit,
        question: bool = False,
    ) -> tuple[int, str]:
        """Keeps what ``admit`` makes of a comment or a question; its id and text.

        One person's comments wait for each other."""

        def work(connection: Connection) -> tuple[int, str]:
            found = load_space(connection, space)
            connection.execute(select(_PEOPLE.c.id).where(_PEOPLE.c.id == account).with_for_update())
            require_free(connection, account, space, at_ms)
            text = admit(found, _past(connection, space, account))
            row = {"space": space, "account": account, "role": role(found), "text": text, "at_ms": at_ms}
            row["question"] = int(question)
            added = connection.execute(insert(_TABLE).values(**row).returning(_TABLE.c.id)).scalar_one()
            if added % TRIM_EVERY == 0:
                _trim(connection, space)
            return int(added), text

        return await self._work.write(work)

    async def past(self, space: SpaceId, account: str) -> CommentHistory:
        """What a person did in a space before."""
        return await self._work.read(lambda connection: _past(connection, space, account))

    async def newest(self, space: SpaceId, most: int) -> list[Comment]:
        """The newest that everybody may read, guests' among them, the oldest first; no questions."""

        def work(connection: Connection) -> list[Comment]:
            here = (_TABLE.c.space == space) & (_TABLE.c.question == 0)
            both = (_read(connection, here, most), shown_to_all(connection, space, most))
            return list(heapq.merge(*both, key=lambda each: each.at_ms))[-most:]

        return await self._work.read(work)

    async def own(self, space: SpaceId, account: str, most: int) -> list[Comment]:
        """The newest of one person."""
        theirs = (_TABLE.c.space == space) & (_TABLE.c.account == account)
        return await self._work.read(lambda connection: _read(connection, theirs, most))

    async def of_account(self, account: str) -> Sequence[Written]:
        """All that a person wrote in all spaces, the oldest first."""
        query = (
            select(_TABLE.c.space, _TABLE.c.text, _TABLE.c.at_ms)
            .where(_TABLE.c.account == account)
            .order_by(_TABLE.c.id)
        )

        def work(connection: Connection) -> Sequence[Written]:
            return [Written(row.space, row.text, row.at_ms) for row in connection.execute(query)]

        return await self._work.read(work)

    async def author(self, space: SpaceId, comment: int) -> str:
        """Whose comment it is: the id of an account, empty when there is none."""
        query = select(_TABLE.c.account).where(_TABLE.c.space == space, _TABLE.c.id == comment)
        return str(await self._work.read(lambda connection: connection.execute(query).scalar()) or "")

    async def around(self, space: SpaceId, comment: int, each_side: int) -> list[Comment]:
        """What is left of those just before and after a comment, and itself, the oldest first."""
        here, number = _TABLE.c.space == space, _TABLE.c.id

        def work(connection: Connection) -> list[Comment]:
            before = _read(connection, here & (number <= comment), each_side + 1)
            later = select(number).where(here & (number > comment)).order_by(number).limit(each_side)
            last = max(connection.execute(later).scalars(), default=comment)
            return [*before, *_read(connection, here & (number > comment) & (number <= last), each_side)]

        return await self._work.read(work)

    async def remove(self, space: SpaceId, comment: int) -> None:
        """Takes a comment away for good; raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            gone = connection.execute(delete(_TABLE).where(_TABLE.c.space == space, _TABLE.c.id == comment))
            if gone.rowcount != 1:
                raise NotFound("There is no such comment; it may have been removed.", code="comment-not-found")

        await self._work.write(work)

    async def restore(self, space: SpaceId, account: str, text: str, *, at_ms: int) -> None:
        """Puts a comment back that was taken away; nothing where its writer or its space is gone, or it is there."""
        back = _TABLE.c.space == space, _TABLE.c.account == account, _TABLE.c.at_ms == at_ms, _TABLE.c.text == text

        def work(connection: Connection) -> None:
            there = select(_PEOPLE.c.id).where(_PEOPLE.c.id == account, exists().where(tables.spaces.c.id == space))
            if connection.execute(there.where(~exists().where(*back))).scalar() is not None:
                row = {"space": space, "account": account, "role": "", "text": text, "at_ms": at_ms}
                connection.execute(insert(_TABLE).values(**row))

        await self._work.write(work)

    async def silence(self, space: SpaceId, account: str, *, at_ms: int) -> None:
        """Shuts a person out of the comments of a space and takes away what they wrote there."""
        here = (_SILENCED.c.space == space) & (_SILENCED.c.account == account)

        def work(connection: Connection) -> None:
            connection.execute(delete(_SILENCED).where(here))
            connection.execute(insert(_SILENCED).values(space=space, account=account, at_ms=at_ms))
            connection.execute(delete(_TABLE).where(_TABLE.c.space == space, _TABLE.c.account == account))

        await self._work.write(work)

    async def lift(self, space: SpaceId, account: str) -> None:
        """Lets a person write again; one who may is no error."""
        query = delete(_SILENCED).where(_SILENCED.c.space == space, _SILENCED.c.account == account)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

    async def silenced(self, space: SpaceId) -> Sequence[SilencedPerson]:
        """Who is shut out, the newest first."""
        query = select(_PEOPLE.c.handle, _PEOPLE.c.name).join_from(_SILENCED, _PEOPLE)
        query = query.where(_SILENCED.c.space == space).order_by(_SILENCED.c.at_ms.desc()).limit(MOST_SILENCED)

        def work(connection: Connection) -> Sequence[SilencedPerson]:
            return [SilencedPerson(row.handle, row.name) for row in connection.execute(query)]

        return await self._work.read(work)


def _read(connection: Connection, where: ColumnElement[bool], most: int) -> list[Comment]:
    columns = (_TABLE.c.id, _PEOPLE.c.name, _PEOPLE.c.handle, _TABLE.c.role, _TABLE.c.text, _TABLE.c.at_ms)
    query = select(*columns).join_from(_TABLE, _PEOPLE).where(where).order_by(_TABLE.c.id.desc()).limit(most)
    return [Comment(*row) for row in reversed(connection.execute(query).all())]


def _past(connection: Connection, space: str, account: str) -> CommentHistory:
    last = select(func.max(_TABLE.c.at_ms)).where(_TABLE.c.account == account, _TABLE.c.space == space)
    out = select(exists().where(_SILENCED.c.space == space, _SILENCED.c.account == account))
    return CommentHistory(connection.execute(last).scalar(), bool(connection.execute(out).scalar()))


def _trim(connection: Connection, space: str) -> None:
    mine = _TABLE.c.space == space
    surplus = select(_TABLE.c.id).where(mine).order_by(_TABLE.c.id.desc()).offset(KEPT).limit(1)
    oldest = connection.execute(surplus).scalar()
    if oldest is not None:
        connection.execute(delete(_TABLE).where(mine, _TABLE.c.id <= oldest))
