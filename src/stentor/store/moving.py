"""People who move: from elsewhere to here, from here to elsewhere, and those elsewhere whom people here follow.

Who somebody was before they say here, so that the other account may say that it has moved: each side says it of
itself, or nobody is believed. Followers here go along by themselves, with lists; those elsewhere their servers move.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, exists, insert, select, update

from stentor.base.errors import Conflict
from stentor.social.notices import NoticeKind
from stentor.store import social_tables as tables
from stentor.store.federating import OutwardDeed, federate, is_remote
from stentor.store.fediverse_tables import moves, remote_actors
from stentor.store.follows import TOLD, end_follow
from stentor.store.reading import blocked
from stentor.store.telling import tell
from stentor.store.work import Work

MOST_ALIASES: Final = 10
AGAIN_MS: Final = 30 * 86_400_000
"""So long somebody stays where they have gone: followers are no goods that one carries about and sells."""
SOONEST_MS: Final = 7 * 86_400_000
"""The same of somebody elsewhere, whose own server has rules of its own."""
AT_ONCE: Final = 200
_MOVES, _FOLLOWS, _ACTORS = moves, tables.follows, tables.actors
_LISTS, _MEMBERS = tables.lists, tables.list_members


class MoveState(msgspec.Struct, frozen=True):
    """Who somebody is besides, and where they have gone. ``asked`` is the name that they gave last, ``trouble`` why
    that cannot be."""

    aliases: tuple[str, ...] = ()
    moved_to: str = ""
    moved_ms: int | None = None
    asked: str = ""
    trouble: str = ""


class MovesTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def of(self, actor: int) -> MoveState:
        return await self._work.read(lambda connection: _state(connection, actor))

    async def names(self, uris: Sequence[str]) -> dict[str, str]:
        """How people elsewhere are called, by their addresses: ``name@server``; those who are known."""
        query = select(remote_actors.c.uri, _ACTORS.c.handle, _ACTORS.c.domain)
        query = query.join_from(remote_actors, _ACTORS, _ACTORS.c.number == remote_actors.c.actor)
        query = query.where(remote_actors.c.uri.in_(list(uris)))
        return await self._work.read(
            lambda connection: {row.uri: f"{row.handle}@{row.domain}" for row in connection.execute(query)}
        )

    async def asks(self, actor: int, name: str, trouble: str) -> None:
        """Notes what somebody here asks for, and what became of it: ``waiting``, why it cannot be, or nothing."""

        def work(connection: Connection) -> None:
            _set(connection, actor, asked=name, trouble=trouble)

        await self._work.write(work)

    async def add_alias(self, actor: int, uri: str, *, now_ms: int) -> None:
        """Somebody here was, or is, the person at ``uri``, too. Raises :class:`Conflict` for one too many."""

        def work(connection: Connection) -> None:
            known = _state(connection, actor).aliases
            if uri not in known and len(known) >= MOST_ALIASES:
                raise Conflict(f"{MOST_ALIASES} other accounts are as many as one names.", code="too-many-aliases")
            _set(connection, actor, aliases=json.dumps([*dict.fromkeys([*known, uri])]), asked="", trouble="")
            _told_anew(connection, actor, now_ms)

        await self._work.write(work)

    async def drop_alias(self, actor: int, uri: str, *, now_ms: int) -> None:
        """They are not, and say so no more; nobody's is no error."""

        def work(connection: Connection) -> None:
            known = _state(connection, actor).aliases
            _set(connection, actor, aliases=json.dumps([each for each in known if each != uri]))
            _told_anew(connection, actor, now_ms)

        await self._work.write(work)

    async def leave(self, actor: int, uri: str, *, now_ms: int) -> None:
        """Somebody here is the person at ``uri`` from now on, who says so, too: it is told to all who follow.

        Raises :class:`Conflict` (``moved-lately``)."""

        def work(connection: Connection) -> None:
            known = _state(connection, actor)
            if known.moved_to == uri:
                return
            if known.moved_ms is not None and now_ms - known.moved_ms < AGAIN_MS:
                raise Conflict("This account has moved lately; wait 30 days.", code="moved-lately")
            _set(connection, actor, moved_to=uri, moved_ms=now_ms, asked="", trouble="")
            _told_anew(connection, actor, now_ms)
            federate(connection, OutwardDeed.MOVE, actor, now_ms=now_ms, uri=uri)

        await self._work.write(work)

    async def stay(self, actor: int, *, now_ms: int) -> None:
        """The account is not moved any more; who has gone along stays there. Not moved is no error."""

        def work(connection: Connection) -> None:
            if _state(connection, actor).moved_to:
                _set(connection, actor, moved_to="")
                _told_anew(connection, actor, now_ms)

        await self._work.write(work)

    async def gone(self, actor: int, uri: str, *, now_ms: int) -> bool:
        """Somebody elsewhere has moved to ``uri``, who says so, too; False where they have moved lately, or to
        themselves."""

        def work(connection: Connection) -> bool:
            known = _state(connection, actor)
            own = connection.execute(select(remote_actors.c.uri).where(remote_actors.c.actor == actor)).scalar()
            lately = known.moved_ms is not None and now_ms - known.moved_ms < SOONEST_MS
            if own == uri or (lately and known.moved_to != uri):
                return False
            _set(connection, actor, moved_to=uri, moved_ms=now_ms)
            return True

        return await self._work.write(work)

    async def carry_over(self, old: int, new: int, *, now_ms: int) -> int:
        """Some of those here who follow ``old`` follow ``new`` instead; how many there were. Again does no harm."""
        theirs = select(_FOLLOWS.c.follower, _FOLLOWS.c.boosts, _FOLLOWS.c.notify)
        theirs = theirs.join_from(_FOLLOWS, _ACTORS, _ACTORS.c.number == _FOLLOWS.c.follower)
        theirs = theirs.where(_FOLLOWS.c.followee == old, _ACTORS.c.account.is_not(None)).limit(AT_ONCE)

        def work(connection: Connection) -> int:
            found = connection.execute(theirs).all()
            for row in found:
                if row.follower != new:
                    _follow_instead(connection, row, new, now_ms)
                _list_instead(connection, row.follower, old, new)
                end_follow(connection, row.follower, old, now_ms=now_ms)
            return len(found)

        return await self._work.write(work)


def _follow_instead(connection: Connection, row: Any, new: int, now_ms: int) -> None:
    pair = (_FOLLOWS.c.follower == row.follower) & (_FOLLOWS.c.followee == new)
    if connection.execute(select(exists().where(pair))).scalar() or blocked(connection, row.follower, new):
        return
    approves = connection.execute(select(_ACTORS.c.approves).where(_ACTORS.c.number == new)).scalar()
    state = "asked" if approves else "granted"
    values = {"follower": row.follower, "followee": new, "boosts": row.boosts, "notify": row.notify}
    connection.execute(insert(_FOLLOWS).values(**values, state=state, at_ms=now_ms))
    if is_remote(connection, new):
        federate(connection, OutwardDeed.FOLLOW, row.follower, now_ms=now_ms, target=new)
    else:
        kind: NoticeKind = TOLD[state]
        tell(connection, kind, new, row.follower, None, now_ms=now_ms)


def _list_instead(connection: Connection, me: int, old: int, new: int) -> None:
    mine = select(_LISTS.c.id).where(_LISTS.c.actor == me)
    there = select(_MEMBERS.c.list).where(_MEMBERS.c.member == old, _MEMBERS.c.list.in_(mine))
    for each in connection.execute(there).scalars().all():
        known = (_MEMBERS.c.list == each) & (_MEMBERS.c.member == new)
        if not connection.execute(select(exists().where(known))).scalar():
            connection.execute(insert(_MEMBERS).values(list=each, member=new))
        connection.execute(delete(_MEMBERS).where(_MEMBERS.c.list == each, _MEMBERS.c.member == old))


def _state(connection: Connection, actor: int) -> MoveState:
    row = connection.execute(select(_MOVES).where(_MOVES.c.actor == actor)).one_or_none()
    if row is None:
        return MoveState()
    return MoveState(tuple(json.loads(row.aliases)), row.moved_to, row.moved_ms, row.asked, row.trouble)


def _set(connection: Connection, actor: int, **values: Any) -> None:
    if not connection.execute(update(_MOVES).where(_MOVES.c.actor == actor).values(**values)).rowcount:
        row = {"actor": actor, "aliases": "[]", "moved_to": "", "asked": "", "trouble": ""}
        connection.execute(insert(_MOVES).values(**row | values))


def _told_anew(connection: Connection, actor: int, now_ms: int) -> None:
    """Their public card is written anew, and others learn how they are now."""
    change = update(_ACTORS).where(_ACTORS.c.number == actor).values(approves=_ACTORS.c.approves)
    connection.execute(change)  # changes nothing: a trigger notes it
    federate(connection, OutwardDeed.PROFILE, actor, now_ms=now_ms)
