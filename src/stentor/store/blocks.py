"""Whom somebody blocks or mutes, which domains, and which threads they want to hear nothing more of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Executable, and_, delete, exists, func, or_, select, text

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.social.model import Author
from stentor.social.visible import may_read
from stentor.store import notice_tables, social_tables
from stentor.store.actors import actors_of
from stentor.store.federating import OutwardDeed, federate, is_remote
from stentor.store.follows import end_follow
from stentor.store.reading import blocked_among, load_post, relation_to
from stentor.store.telling import estrange
from stentor.store.work import Work

MOST_DOMAINS: Final = 1000
"""Of one person: each is compared whenever they read what others carry on."""
PURGED_AT_ONCE: Final = 500
_FOLLOWS, _BLOCKS, _MUTES = social_tables.follows, social_tables.blocks, social_tables.mutes
_LISTS, _MEMBERS, _ACTORS = social_tables.lists, social_tables.list_members, social_tables.actors
_THREADS, _DOMAINS, _THROUGH = notice_tables.muted_threads, notice_tables.domain_blocks, notice_tables.let_through
_BLOCK: Final = text("INSERT INTO blocks (account, target, at_ms) VALUES (:me, :other, :at_ms) ON CONFLICT DO NOTHING")
_MUTE: Final = text(
    "INSERT INTO mutes (account, target, until_ms, notifications) VALUES (:me, :other, :until_ms, :notifications) "
    "ON CONFLICT (account, target) DO UPDATE SET until_ms = :until_ms, notifications = :notifications"
)
_MUTE_THREAD: Final = text("INSERT INTO muted_threads (account, root) VALUES (:me, :root) ON CONFLICT DO NOTHING")
_BLOCK_DOMAIN: Final = text("INSERT INTO domain_blocks (account, domain) VALUES (:me, :domain) ON CONFLICT DO NOTHING")


class Muted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is muted: until when (None: for good), and whether what they do is not told either."""

    person: Author
    until_ms: int | None
    notifications: bool


class BlockStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps two people apart, as one of them may know it."""

    blocking: bool = False
    blocked_by: bool = False
    domain_blocked: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muted_until_ms: int | None = None


class BlocksTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def standing(self, me: int, other: int, *, now_ms: int) -> BlockStanding:
        """How one stands to somebody."""
        from_there = (_DOMAINS.c.account == me) & (_DOMAINS.c.domain == _ACTORS.c.domain)
        asked = select(
            exists().where(_pair(me, other)).label("blocking"),
            exists().where(_pair(other, me)).label("blocked_by"),
            exists().where(from_there & (_ACTORS.c.number == other)).label("domain_blocked"),
        )
        mute = select(_MUTES).where(_MUTES.c.account == me, _MUTES.c.target == other, lasting(now_ms))

        def work(connection: Connection) -> BlockStanding:
            row, muted = connection.execute(asked).one(), connection.execute(mute).first()
            return BlockStanding(
                blocking=bool(row.blocking),
                blocked_by=bool(row.blocked_by),
                domain_blocked=bool(row.domain_blocked),
                muting=muted is not None,
                muting_notifications=muted is not None and bool(muted.notifications),
                muted_until_ms=muted.until_ms if muted is not None else None,
            )

        return await self._work.read(work)

    async def block(self, me: int, other: int, *, now_ms: int) -> None:
        """Neither follows, reads nor hears of the other any more, nor has them in a list; blocking again changes
        nothing. Raises :class:`BadInput` for oneself."""
        _require_other(me, other)

        def work(connection: Connection) -> None:
            connection.execute(_BLOCK, {"me": me, "other": other, "at_ms": now_ms})
            if is_remote(connection, other):
                since = connection.execute(select(_BLOCKS.c.at_ms).where(_pair(me, other))).scalar_one()
                federate(connection, OutwardDeed.BLOCK, me, now_ms=now_ms, target=other, since=since)
            for one, another in ((me, other), (other, me)):
                end_follow(connection, one, another, now_ms=now_ms)
                theirs = _MEMBERS.c.list.in_(select(_LISTS.c.id).where(_LISTS.c.actor == one))
                connection.execute(delete(_MEMBERS).where(theirs, _MEMBERS.c.member == another))
                connection.execute(delete(_THROUGH).where(_THROUGH.c.account == one, _THROUGH.c.target == another))
            estrange(connection, me, other)

        await self._work.write(work)

    async def unblock(self, me: int, other: int, *, now_ms: int) -> None:
        """Nobody follows again by it; not blocking is no error."""

        def work(connection: Connection) -> None:
            since = connection.execute(select(_BLOCKS.c.at_ms).where(_pair(me, other))).scalar()
            connection.execute(delete(_BLOCKS).where(_pair(me, other)))
            if since is not None and is_remote(connection, other):
                federate(connection, OutwardDeed.UNBLOCK, me, now_ms=now_ms, target=other, since=since)

        await self._work.write(work)

    async def blocked(self, me: int, *, before: int, most: int) -> list[Author]:
        """Whom somebody blocks; the newest accounts first."""
        query = select(_BLOCKS.c.target).where(_BLOCKS.c.account == me, _BLOCKS.c.target < before)
        query = query.order_by(_BLOCKS.c.target.desc()).limit(most)

        def work(connection: Connection) -> list[Author]:
            numbers = list(connection.execute(query).scalars())
            people = actors_of(connection, numbers)
            return [people[each] for each in numbers if each in people]

        return await self._work.read(work)

    async def mute(self, me: int, other: int, *, until_ms: int | None, notifications: bool) -> None:
        """Their posts do not come to one any more, nor, with ``notifications``, word of what they do; again changes
        how. The muted learn nothing of it. Raises :class:`BadInput` for oneself."""
        _require_other(me, other)
        row = {"me": me, "other": other, "until_ms": until_ms, "notifications": int(notifications)}
        await self._execute(_MUTE, row)

    async def unmute(self, me: int, other: int) -> None:
        """Not muting is no error."""
        await self._execute(delete(_MUTES).where(_MUTES.c.account == me, _MUTES.c.target == other))

    async def muted(self, me: int, *, before: int, most: int, now_ms: int) -> list[Muted]:
        """Whom somebody mutes; the newest accounts first."""
        query = select(_MUTES).where(_MUTES.c.account == me, _MUTES.c.target < before, lasting(now_ms))
        query = query.order_by(_MUTES.c.target.desc()).limit(most)

        def work(connection: Connection) -> list[Muted]:
            rows = connection.execute(query).all()
            people = actors_of(connection, [row.target for row in rows])
            return [
                Muted(person=people[row.target], until_ms=row.until_ms, notifications=bool(row.notifications))
                for row in rows
                if row.target in people
            ]

        return await self._work.read(work)

    async def muted_among(self, me: int, others: Collection[int], *, now_ms: int) -> set[int]:
        """Those of others whom somebody mutes."""
        query = select(_MUTES.c.target).where(_MUTES.c.account == me, _MUTES.c.target.in_(others), lasting(now_ms))
        return await self._work.read(lambda connection: set(connection.execute(query).scalars()))

    async def apart(self, me: int, others: Collection[int]) -> set[int]:
        """Those of others whom somebody blocks, or where they are from, or who block them."""
        return await self._work.read(lambda connection: blocked_among(connection, me, others))

    async def purge(self, now_ms: int) -> int:
        """Deletes mutes that are over, a part of them; how many. They count no more since they are over."""
        over = select(_MUTES.c.account, _MUTES.c.target).where(_MUTES.c.until_ms <= now_ms).limit(PURGED_AT_ONCE)

        def work(connection: Connection) -> int:
            found = connection.execute(over).all()
            for row in found:
                mine = and_(_MUTES.c.account == row.account, _MUTES.c.target == row.target, _MUTES.c.until_ms <= now_ms)
                connection.execute(delete(_MUTES).where(mine))
            return len(found)

        return await self._work.write(work)

    async def mute_thread(self, me: int, post: int, *, on: bool) -> None:
        """Hears nothing more of a post's thread, or again. Raises :class:`NotFound` for what one may not read."""

        def work(connection: Connection) -> None:
            found = load_post(connection, post)
            if found is None or not may_read(found, relation_to(connection, found, me)):
                raise NotFound("There is no such post; it may have been deleted.", code="post-not-found")
            root = found.root or found.id
            if on:
                connection.execute(_MUTE_THREAD, {"me": me, "root": root})
            else:
                connection.execute(delete(_THREADS).where(_THREADS.c.account == me, _THREADS.c.root == root))

        await self._work.write(work)

    async def block_domain(self, me: int, domain: str, *, now_ms: int) -> None:
        """Neither sees nor hears of anybody from there any more, and nobody follows across; again changes nothing.
        Raises :class:`Conflict` for one too many."""
        follow = _FOLLOWS.c
        across = [
            (mine == me) & exists().where(_ACTORS.c.number == theirs, _ACTORS.c.domain == domain)
            for mine, theirs in ((follow.follower, follow.followee), (follow.followee, follow.follower))
        ]

        def work(connection: Connection) -> None:
            mine = select(func.count()).where(_DOMAINS.c.account == me)
            if connection.execute(mine).scalar_one() >= MOST_DOMAINS:
                raise Conflict(f"One blocks {MOST_DOMAINS} domains at most.", code="too-many-domains")
            connection.execute(_BLOCK_DOMAIN, {"me": me, "domain": domain})
            for each in across:
                for pair in connection.execute(select(follow.follower, follow.followee).where(each)).all():
                    end_follow(connection, *pair, now_ms=now_ms)

        await self._work.write(work)

    async def unblock_domain(self, me: int, domain: str) -> None:
        """Not blocking is no error."""
        await self._execute(delete(_DOMAINS).where(_DOMAINS.c.account == me, _DOMAINS.c.domain == domain))

    async def domains(self, me: int) -> list[str]:
        """Which domains somebody blocks, in their order."""
        query = select(_DOMAINS.c.domain).where(_DOMAINS.c.account == me).order_by(_DOMAINS.c.domain)
        return await self._work.read(lambda connection: list(connection.execute(query).scalars()))

    async def _execute(self, query: Executable, row: Mapping[str, int | None] | None = None) -> None:
        def work(connection: Connection) -> None:
            connection.execute(query, row)

        await self._work.write(work)


def lasting(now_ms: int) -> ColumnElement[bool]:
    """Of mutes: those that are not over."""
    return or_(_MUTES.c.until_ms.is_(None), _MUTES.c.until_ms > now_ms)


def _pair(one: int, other: int) -> ColumnElement[bool]:
    return (_BLOCKS.c.account == one) & (_BLOCKS.c.target == other)


def _require_other(me: int, other: int) -> None:
    if me == other:
        raise BadInput("Nobody blocks or mutes themselves.", code="blocks-oneself")
