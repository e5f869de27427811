"""All that somebody has posted and kept, for whoever takes theirs along: their own words whole, of others' posts only
where they are, and only as far as they may still be read."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from sqlalchemy import Connection, Table, select

from stentor.social.reported import ReportedVersion
from stentor.store import social_tables as tables
from stentor.store.actors import actors_of
from stentor.store.reading import Reading, read_posts
from stentor.store.work import Work

_POSTS, _FOLLOWS = tables.posts.c, tables.follows.c


class FollowedPerson(msgspec.Struct, frozen=True):
    """Somebody whom one follows, or who follows; ``state`` is ``asked`` or ``granted``."""

    handle: str
    boosts: bool
    notify: bool
    state: str
    since_ms: int


class KeptMark(msgspec.Struct, frozen=True):
    """A post that one likes or has kept. ``handle`` is None where one may not read it any more."""

    id: str
    handle: str | None


class ListedPeople(msgspec.Struct, frozen=True):
    """A list of people: its name, and the handles."""

    name: str
    people: list[str]


class Circle(msgspec.Struct, frozen=True):
    """Whom one follows, has in lists, blocks and mutes."""

    following: list[FollowedPerson]
    followers: list[FollowedPerson]
    lists: list[ListedPeople]
    blocked: list[str]
    muted: list[str]


OwnPosts = tuple[list[Reading], dict[int, list[ReportedVersion]], int]


class ArchiveTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def posts(self, me: int, after: int, most: int) -> OwnPosts:
        """One's own posts and boosts above an id, the oldest first, with what they said before; and the last id that
        was looked at, 0 at the end."""
        mine = select(_POSTS.id).where(_POSTS.author == me, _POSTS.id > after).order_by(_POSTS.id).limit(most)
        past = tables.post_versions.c

        def work(connection: Connection) -> OwnPosts:
            ids = list(connection.execute(mine).scalars())
            said: dict[int, list[ReportedVersion]] = defaultdict(list)
            query = select(past.post, past.text, past.warning, past.at_ms).where(past.post.in_(ids))
            for row in connection.execute(query.order_by(past.post, past.number)) if ids else ():
                said[row.post].append(ReportedVersion(row.text, row.warning, row.at_ms))
            return read_posts(connection, ids, me), said, ids[-1] if ids else 0

        return await self._work.read(work)

    async def marked(self, table: Table, me: int, after: int, most: int) -> tuple[list[KeptMark], int]:
        """Posts that one likes (``likes``) or has kept (``bookmarks``), above an id; and the last id, 0 at the end."""
        mine = select(table.c.post).where(table.c.actor == me, table.c.post > after).order_by(table.c.post).limit(most)

        def work(connection: Connection) -> tuple[list[KeptMark], int]:
            ids = list(connection.execute(mine).scalars())
            seen = {each.post.id: each.author.handle for each in read_posts(connection, ids, me)}
            return [KeptMark(f"{each}", seen.get(each)) for each in ids], ids[-1] if ids else 0

        return await self._work.read(work)

    async def circle(self, me: int) -> Circle:
        """The people around somebody."""
        return await self._work.read(lambda connection: _circle(connection, me))


def _circle(connection: Connection, me: int) -> Circle:
    follows = connection.execute(
        select(tables.follows).where((_FOLLOWS.follower == me) | (_FOLLOWS.followee == me))
    ).all()
    members, lists = tables.list_members.c, tables.lists.c
    listed = connection.execute(
        select(lists.id, lists.name, members.member)
        .join_from(tables.lists, tables.list_members, members.list == lists.id, isouter=True)
        .where(lists.actor == me)
        .order_by(lists.name, lists.id)
    ).all()
    blocked, muted = (
        list(connection.execute(select(table.c.target).where(table.c.account == me)).scalars())
        for table in (tables.blocks, tables.mutes)
    )
    numbers = {number for row in follows for number in (row.follower, row.followee)}
    numbers |= {row.member for row in listed if row.member is not None} | set(blocked) | set(muted)
    names = {number: each.handle for number, each in actors_of(connection, numbers).items()}
    following, followers = (
        [
            FollowedPerson(names[getattr(row, other)], bool(row.boosts), bool(row.notify), row.state, row.at_ms)
            for row in follows
            if getattr(row, own) == me and getattr(row, other) in names
        ]
        for own, other in (("follower", "followee"), ("followee", "follower"))
    )
    people: dict[tuple[int, str], list[str]] = {}
    for row in listed:
        people.setdefault((row.id, row.name), []).extend([names[row.member]] if row.member in names else [])
    return Circle(
        following=following,
        followers=followers,
        lists=[ListedPeople(name, handles) for (_, name), handles in people.items()],
        blocked=[names[each] for each in blocked if each in names],
        muted=[names[each] for each in muted if each in names],
    )
