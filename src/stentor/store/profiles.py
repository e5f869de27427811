"""People with all that stands on their page, and what stands beside posts: as apps show both, in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, literal_column, or_, select, text

from stentor.people.model import SiteRole
from stentor.social import ids
from stentor.social.model import Author
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store.actors import actors_of, missing
from stentor.store.fediverse_tables import remote_actors
from stentor.store.public import LIMITED
from stentor.store.reading import Reading
from stentor.store.work import Work

MOST_COUNTED: Final = 10_000
"""Of followers, of those who are followed and of posts: more would cost more than the number says."""
_ACTOR, _FOLLOW, _PERSON, _REMOTE = tables.actors.c, tables.follows.c, site_tables.accounts.c, remote_actors.c
_COUNTS = text(
    """SELECT a.number,
  (SELECT count(*) FROM (SELECT 1 FROM follows f WHERE f.followee = a.number AND f.state = 'granted' LIMIT :most) x)
    AS followers,
  (SELECT count(*) FROM (SELECT 1 FROM follows f WHERE f.follower = a.number AND f.state = 'granted' LIMIT :most) x)
    AS following,
  (SELECT count(*) FROM (SELECT 1 FROM posts p WHERE p.author = a.number AND p.visibility < 3 LIMIT :most) x) AS posts,
  (SELECT max(p.id) FROM posts p WHERE p.author = a.number AND p.visibility < 3) AS last
FROM actors a WHERE a.number IN :numbers"""
).bindparams(bindparam("numbers", expanding=True))


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody. Counts go up to :data:`MOST_COUNTED`; times are ms since 1970 (UTC)."""

    author: Author
    bio: str = ""
    role: SiteRole = SiteRole.MEMBER
    made_ms: int
    approves: bool
    """They want to be asked by those who want to follow."""
    limited: bool
    hidden: bool
    """They want no public page."""
    uri: str
    """Of somebody elsewhere; empty for those here."""
    page: str
    followers: int = 0
    following: int = 0
    posts: int = 0
    last_ms: int | None = None
    """When they last posted."""


class Beside(msgspec.Struct, frozen=True):
    """What stands beside a post: whom it names, its tags, and its address where it is from elsewhere."""

    named: tuple[Author, ...] = ()
    tags: tuple[str, ...] = ()
    uri: str = ""


class Surroundings(msgspec.Struct, frozen=True):
    """Of some posts, with what they carry on and quote."""

    people: Mapping[int, Profile]
    posts: Mapping[int, Beside]


class ProfilesTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self.work = work

    async def of(self, numbers: Collection[int]) -> dict[int, Profile]:
        """Those of them who are there."""
        return await self.work.read(lambda connection: _profiles(connection, numbers))

    async def one(self, number: int) -> Profile:
        """Somebody; raises :class:`NotFound`, also for who is suspended."""
        found = (await self.of([number])).get(number)
        if found is None or found.author.suspended:
            raise missing()
        return found

    async def around(self, readings: Sequence[Reading]) -> Surroundings:
        """What stands beside posts."""
        inner = _whole(readings)
        people, posts = {each.author.number for each in inner}, [each.post.id for each in inner]
        return await self.work.read(
            lambda connection: Surroundings(_profiles(connection, people), _beside(connection, posts))
        )

    async def beginning(self, word: str, me: int, most: int, *, followed: bool) -> list[int]:
        """People whose handle begins with a word, the ones first whom one follows, then those of here; ``followed``:
        only those whom one follows. Each by an index of its own: an app asks at each letter that somebody types."""
        name, _, domain = word.lstrip("@").lower().partition("@")
        if name[-1:] in _LAST:
            return []
        people = select(_ACTOR.number).join(site_tables.accounts, _PERSON.id == _ACTOR.account, isouter=True)

        def work(connection: Connection) -> list[int]:
            here, elsewhere = _begins(connection, _PERSON.handle, name), _ACTOR.domain != ""
            there = and_(elsewhere, _begins(connection, _ACTOR.handle, name))
            server = _ACTOR.domain.startswith(domain, autoescape=True)
            mine = (_FOLLOW.follower == me) & (_FOLLOW.state == "granted")
            follow = people.join(tables.follows, _FOLLOW.followee == _ACTOR.number).where(
                mine, or_(here, there), server
            )
            found = list(connection.execute(follow.order_by(_ACTOR.domain, _ACTOR.handle).limit(most)).scalars())
            if not followed and not domain:
                local = select(_ACTOR.number).join(site_tables.accounts, _PERSON.id == _ACTOR.account).where(here)
                found += connection.execute(local.order_by(_ordered(connection, _PERSON.handle)).limit(most)).scalars()
            if not followed:
                others = select(_ACTOR.number).where(there, server)
                order = _ordered(connection, _ACTOR.handle)
                found += connection.execute(others.order_by(order, _ACTOR.domain).limit(most)).scalars()
            return list(dict.fromkeys(found))[:most]

        return await self.work.read(work) if name else []

    async def boosters(self, post: int, *, before: int, most: int) -> list[tuple[int, int]]:
        """Who carries a post on, with their boost, the newest first."""
        posts = tables.posts.c
        query = select(posts.id, posts.author).where(posts.boost_of == post, posts.id < before)
        query = query.order_by(posts.id.desc()).limit(most)

        def work(connection: Connection) -> list[tuple[int, int]]:
            return [(row.id, row.author) for row in connection.execute(query)]

        return await self.work.read(work)

    async def likers(self, post: int, *, before: int, most: int) -> list[int]:
        """Who likes a post, the newest accounts first."""
        likes = tables.likes.c
        query = select(likes.actor).where(likes.post == post, likes.actor < before)
        query = query.order_by(likes.actor.desc()).limit(most)
        return await self.work.read(lambda connection: list(connection.execute(query).scalars()))


_LAST: Final = ("", "\ud7ff", "\U0010ffff")
"""No handle has them, and after them comes no sign that a database takes."""


def _begins(connection: Connection, handle: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Whether a handle begins so, by what lies between, which databases find by an index: PostgreSQL, which may order
    by another alphabet, by the signs alone (migration 0062). By ``LIKE`` it found it only where it planned anew, and
    else looked at everybody (`bench/search`)."""
    end = word[:-1] + chr(ord(word[-1]) + 1)
    if connection.dialect.name == "postgresql":
        return and_(handle.op("~>=~", is_comparison=True)(word), handle.op("~<~", is_comparison=True)(end))
    return and_(handle >= word, handle < end)


def _ordered(connection: Connection, handle: ColumnElement[str]) -> ColumnElement[Any]:
    """As the same index has them: so a page of those who begin with one letter is no more than a page."""
    return handle.op("USING")(literal_column("~<~")) if connection.dialect.name == "postgresql" else handle


def _whole(readings: Sequence[Reading]) -> list[Reading]:
    found = list(readings)
    for each in readings:
        found += _whole([inner for inner in (each.boost, each.quote) if inner is not None])
    return found


def _profiles(connection: Connection, numbers: Collection[int]) -> dict[int, Profile]:
    if not numbers:
        return {}
    wanted = list(set(numbers))
    people = actors_of(connection, wanted)
    query = select(
        _ACTOR.number, _ACTOR.state, _ACTOR.approves, _PERSON.bio, _PERSON.role, _PERSON.created_ms, _PERSON.hidden_ms,
        _REMOTE.uri, _REMOTE.page,
    ).join_from(tables.actors, site_tables.accounts, _ACTOR.account == _PERSON.id, isouter=True)  # fmt: skip
    query = query.join(remote_actors, _REMOTE.actor == _ACTOR.number, isouter=True).where(_ACTOR.number.in_(wanted))
    counted = {row.number: row for row in connection.execute(_COUNTS, {"numbers": wanted, "most": MOST_COUNTED})}
    return {
        row.number: _profile(row, people[row.number], counted[row.number])
        for row in connection.execute(query)
        if row.number in people
    }


def _profile(row: Any, author: Author, counted: Any) -> Profile:
    return Profile(
        author=author,
        bio=row.bio or "",
        role=SiteRole(row.role) if row.role else SiteRole.MEMBER,
        made_ms=row.created_ms if row.created_ms is not None else ids.time_ms(author.number),
        approves=bool(row.approves),
        limited=row.state == LIMITED,
        hidden=row.hidden_ms is not None,
        uri=row.uri or "",
        page=row.page or row.uri or "",
        followers=counted.followers,
        following=counted.following,
        posts=counted.posts,
        last_ms=ids.time_ms(counted.last) if counted.last is not None else None,
    )


def _beside(connection: Connection, posts: Collection[int]) -> dict[int, Beside]:
    if not posts:
        return {}
    mentions, tags, post = tables.mentions.c, tables.post_tags.c, tables.posts.c
    there = list(posts)
    named = defaultdict[int, list[int]](list)
    for row in connection.execute(select(mentions.post, mentions.actor).where(mentions.post.in_(there))):
        named[row.post].append(row.actor)
    people = actors_of(connection, {each for some in named.values() for each in some})
    tagged = defaultdict[int, list[str]](list)
    for row in connection.execute(select(tags.post, tags.tag).where(tags.post.in_(there)).order_by(tags.tag)):
        tagged[row.post].append(row.tag)
    uris = select(post.id, post.uri).where(post.id.in_(there), post.uri.is_not(None))
    elsewhere = {row.id: row.uri for row in connection.execute(uris)}
    return {
        each: Beside(
            tuple(people[one] for one in sorted(named[each]) if one in people),
            tuple(tagged[each]),
            elsewhere.get(each, ""),
        )
        for each in there
    }
