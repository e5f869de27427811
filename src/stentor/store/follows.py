"""Who follows whom, and lists of people."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, insert, select, update

from stentor.base.errors import BadInput, Conflict, NotAllowed, NotFound
from stentor.social.model import Author
from stentor.social.notices import NoticeKind
from stentor.store import social_tables as tables
from stentor.store.actors import actors_of
from stentor.store.federating import OutwardDeed, federate, federate_once, is_remote
from stentor.store.notifications import bring_posts
from stentor.store.reading import blocked
from stentor.store.telling import tell, untell
from stentor.store.work import Work

MOST_FOLLOWED = 7500
"""Mastodon's number: who follows more reads nothing of it."""
MOST_COUNTED = 10_000
"""Followers are counted when a page is shown: more would cost more than the number says."""
MOST_LISTS, MOST_MEMBERS = 50, 500
MOST_NOTIFIED = 100
"""Of whom somebody is told of each post: each is looked at whenever they look for news."""
TOLD = {"asked": NoticeKind.REQUEST, "granted": NoticeKind.FOLLOW}
"""What the other is told."""
_FOLLOWS = tables.follows.c


Replies = Literal["followed", "list", "none"]


class FollowStanding(msgspec.Struct, frozen=True):
    """How somebody stands to somebody else, and the other to them."""

    following: bool = False
    asked: bool = False
    boosts: bool = False
    notify: bool = False
    followed_by: bool = False
    asks: bool = False


class FollowNumbers(msgspec.Struct, frozen=True):
    """How many follow somebody and whom they follow: up to :data:`MOST_COUNTED` of each, and then that."""

    followers: int
    following: int


class PeopleList(msgspec.Struct, frozen=True):
    id: int
    name: str
    replies: Replies = "followed"
    """Which answers of its people stand in it: to whom one follows, to others in the list, or none."""
    exclusive: bool = False
    """What its people say stands there only, and not at home."""


class FollowsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def follow(self, me: int, other: int, *, boosts: bool, notify: bool, now_ms: int) -> None:
        """Follows somebody, or asks those who want to be asked; again changes only the wishes.

        Raises :class:`BadInput` for oneself, :class:`NotAllowed` where one has blocked the other."""

        def work(connection: Connection) -> None:
            if me == other:
                raise BadInput("Nobody follows themselves.", code="follows-oneself")
            if blocked(connection, me, other):
                raise NotAllowed("One of you has blocked the other.", code="blocked")
            wishes = {"boosts": int(boosts), "notify": int(notify)}
            if notify:
                _require_notified(connection, me, other)
                bring_posts(connection, me, now_ms=now_ms)  # of others: of this one begins now
            if connection.execute(update(tables.follows).where(_pair(me, other)).values(**wishes)).rowcount:
                return
            if connection.execute(select(func.count()).where(_FOLLOWS.follower == me)).scalar_one() >= MOST_FOLLOWED:
                raise Conflict(f"One follows {MOST_FOLLOWED} people at most.", code="too-many-follows")
            state = "asked" if connection.execute(_asks(other)).scalar() else "granted"
            row = {"follower": me, "followee": other, "state": state, "at_ms": now_ms}
            connection.execute(insert(tables.follows).values(**row, **wishes))
            tell(connection, TOLD[state], other, me, None, now_ms=now_ms)
            if is_remote(connection, other):
                federate(connection, OutwardDeed.FOLLOW, me, now_ms=now_ms, target=other)

        await self._work.write(work)

    async def approves(self, me: int) -> bool:
        """Whether somebody wants to be asked by those who want to follow."""
        return bool(await self._work.read(lambda connection: connection.execute(_asks(me)).scalar()))

    async def set_approves(self, me: int, approves: bool) -> None:
        """From now on; those who follow go on, and those who have asked wait for their answer."""
        change = update(tables.actors).where(tables.actors.c.number == me).values(approves=int(approves))

        def work(connection: Connection) -> None:
            connection.execute(change)
            federate_once(connection, OutwardDeed.PROFILE, me, now_ms=0, after_ms=0)

        await self._work.write(work)

    async def unfollow(self, me: int, other: int, *, now_ms: int) -> None:
        """Follows no more, or asks no more; not following is no error."""

        def work(connection: Connection) -> None:
            end_follow(connection, me, other, now_ms=now_ms)

        await self._work.write(work)

    async def answer(self, me: int, other: int, *, grant: bool, now_ms: int) -> None:
        """Lets somebody follow who has asked, or not; raises :class:`NotFound` where they have not."""
        asked = _pair(other, me) & (_FOLLOWS.state == "asked")
        query = (
            update(tables.follows).where(asked).values(state="granted")
            if grant
            else delete(tables.follows).where(asked)
        )

        def work(connection: Connection) -> None:
            untell(connection, NoticeKind.REQUEST, me, other, None)
            uri = connection.execute(select(_FOLLOWS.uri).where(asked)).scalar()
            if not connection.execute(query).rowcount:
                raise NotFound("They have not asked to follow, or do not any more.", code="request-not-found")
            if uri:
                federate(connection, OutwardDeed.ANSWER, me, now_ms=now_ms, target=other, uri=uri, grant=int(grant))

        await self._work.write(work)

    async def standing(self, me: int, other: int) -> FollowStanding:
        """How one stands to somebody."""
        query = select(tables.follows).where(_pair(me, other) | _pair(other, me))

        def work(connection: Connection) -> FollowStanding:
            found = {row.follower: row for row in connection.execute(query)}
            mine, theirs = found.get(me), found.get(other)
            return FollowStanding(
                following=mine is not None and mine.state == "granted",
                asked=mine is not None and mine.state == "asked",
                boosts=mine is not None and bool(mine.boosts),
                notify=mine is not None and bool(mine.notify),
                followed_by=theirs is not None and theirs.state == "granted",
                asks=theirs is not None and theirs.state == "asked",
            )

        return await self._work.read(work)

    async def followers(self, of: int, *, before: int, most: int, asked: bool = False) -> list[Author]:
        """Who follows somebody, or has asked to; the newest accounts first."""
        where = (_FOLLOWS.followee == of) & (_FOLLOWS.state == ("asked" if asked else "granted"))
        return await self._people(_FOLLOWS.follower, where & (_FOLLOWS.follower < before), most)

    async def following(self, of: int, *, before: int, most: int) -> list[Author]:
        """Whom somebody follows; the newest accounts first."""
        where = (_FOLLOWS.follower == of) & (_FOLLOWS.state == "granted")
        return await self._people(_FOLLOWS.followee, where & (_FOLLOWS.followee < before), most)

    async def numbers(self, of: int) -> FollowNumbers:
        """How many there are of each."""
        granted = _FOLLOWS.state == "granted"

        def counted(connection: Connection, where: ColumnElement[bool]) -> int:
            some = select(_FOLLOWS.follower).where(where & granted).limit(MOST_COUNTED).subquery()
            return int(connection.execute(select(func.count()).select_from(some)).scalar_one())

        return await self._work.read(
            lambda connection: FollowNumbers(
                counted(connection, _FOLLOWS.followee == of), counted(connection, _FOLLOWS.follower == of)
            )
        )

    # Lists

    async def lists_with(self, me: int, other: int) -> set[int]:
        """Which of one's own lists somebody is in."""
        members, mine = tables.list_members.c, tables.lists.c
        query = select(members.list).join_from(tables.list_members, tables.lists, members.list == mine.id)
        query = query.where(mine.actor == me, members.member == other)
        return await self._work.read(lambda connection: set(connection.execute(query).scalars()))

    async def lists(self, me: int) -> list[PeopleList]:
        """One's own, by name."""
        table = tables.lists.c
        query = select(table.id, table.name, table.replies, table.exclusive).where(table.actor == me)
        query = query.order_by(table.name, table.id)
        return await self._work.read(
            lambda connection: [
                PeopleList(row.id, row.name, row.replies, bool(row.exclusive)) for row in connection.execute(query)
            ]
        )

    async def make_list(
        self, made: int, me: int, name: str, *, replies: Replies = "followed", exclusive: bool = False
    ) -> None:
        """Raises :class:`Conflict` for one too many."""

        def work(connection: Connection) -> None:
            if connection.execute(select(func.count()).where(tables.lists.c.actor == me)).scalar_one() >= MOST_LISTS:
                raise Conflict(f"{MOST_LISTS} lists are as many as one has.", code="too-many-lists")
            how = {"replies": replies, "exclusive": int(exclusive)}
            connection.execute(insert(tables.lists).values(id=made, actor=me, name=name, **how))

        await self._work.write(work)

    async def rename_list(self, me: int, found: int, name: str | None) -> None:
        """Gives a list another name, or None to delete it; raises :class:`NotFound` for one that is not theirs."""
        mine = (tables.lists.c.id == found) & (tables.lists.c.actor == me)
        query = delete(tables.lists).where(mine) if name is None else update(tables.lists).where(mine).values(name=name)
        if not await self._work.write(lambda connection: connection.execute(query).rowcount):
            raise no_list()

    async def change_list(self, me: int, changed: PeopleList) -> None:
        """Puts it in the place of the one with its id; raises :class:`NotFound` for one that is not theirs."""
        mine = (tables.lists.c.id == changed.id) & (tables.lists.c.actor == me)
        values = {"name": changed.name, "replies": changed.replies, "exclusive": int(changed.exclusive)}
        query = update(tables.lists).where(mine).values(**values)
        if not await self._work.write(lambda connection: connection.execute(query).rowcount):
            raise no_list()

    async def list_of(self, me: int, found: int) -> PeopleList:
        """One of one's own; raises :class:`NotFound`."""
        there = {each.id: each for each in await self.lists(me)}
        if found not in there:
            raise no_list()
        return there[found]

    async def members(self, found: int) -> list[Author]:
        """Who is in a list."""
        table = tables.list_members.c
        return await self._people(table.member, table.list == found, MOST_MEMBERS)

    async def put_member(self, found: int, other: int, *, there: bool) -> None:
        """Puts somebody into a list or takes them out; as it is already is no error."""
        table = tables.list_members
        row = (table.c.list == found) & (table.c.member == other)

        def work(connection: Connection) -> None:
            known = bool(connection.execute(select(exists().where(row))).scalar())
            if there and not known:
                if connection.execute(select(func.count()).where(table.c.list == found)).scalar_one() >= MOST_MEMBERS:
                    raise Conflict(f"A list has {MOST_MEMBERS} people at most.", code="too-many-members")
                connection.execute(insert(table).values(list=found, member=other))
            elif known and not there:
                connection.execute(delete(table).where(row))

        await self._work.write(work)

    async def _people(self, column: ColumnElement[int], where: ColumnElement[bool], most: int) -> list[Author]:
        query = select(column).where(where).order_by(column.desc()).limit(most)

        def work(connection: Connection) -> list[Author]:
            numbers = list(connection.execute(query).scalars())
            people = actors_of(connection, numbers)
            return [people[each] for each in numbers if each in people]

        return await self._work.read(work)


def end_follow(connection: Connection, me: int, other: int, *, now_ms: int) -> None:
    """Follows no more, or asks no more, in a transaction of somebody else's. Who is elsewhere is told so."""
    query = select(_FOLLOWS.uri, _FOLLOWS.at_ms).where(_pair(me, other))
    found = connection.execute(query).one_or_none()
    connection.execute(delete(tables.follows).where(_pair(me, other)))
    if found is not None and is_remote(connection, other):
        federate(connection, OutwardDeed.UNFOLLOW, me, now_ms=now_ms, target=other, since=found.at_ms)
    elif found is not None and found.uri:
        federate(connection, OutwardDeed.ANSWER, other, now_ms=now_ms, target=me, uri=found.uri, grant=0)
    for kind in TOLD.values():
        untell(connection, kind, other, me, None)


def no_list() -> NotFound:
    """There is no such list of theirs."""
    return NotFound("There is no such list.", code="list-not-found")


def _require_notified(connection: Connection, me: int, other: int) -> None:
    others = (_FOLLOWS.follower == me) & (_FOLLOWS.notify == 1) & (_FOLLOWS.followee != other)
    if connection.execute(select(func.count()).where(others)).scalar_one() >= MOST_NOTIFIED:
        raise Conflict(f"One is told of each post of {MOST_NOTIFIED} people at most.", code="too-many-notified")


def _asks(actor: int) -> Select[int]:
    return select(tables.actors.c.approves).where(tables.actors.c.number == actor)


def _pair(follower: int, followee: int) -> ColumnElement[bool]:
    return (_FOLLOWS.follower == follower) & (_FOLLOWS.followee == followee)
