"""What has just happened, and whom of those who listen it is for. One question for all of them, none for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select, text

from stentor.social.ids import DAY
from stentor.social.model import Audience
from stentor.social.streams import StreamReader, ToldPost
from stentor.store import social_tables as tables
from stentor.store.actors import actors_of
from stentor.store.happening_tables import happenings
from stentor.store.public import LIMITED
from stentor.store.reading import blocked_among, load_post
from stentor.store.timelines import FOLLOWED_ANSWERS, LISTED_ANSWERS, SHOWN
from stentor.store.work import Work

KEPT_MS: Final = 5 * 60_000
"""Who listens has it within a second; who was away for longer reads timelines instead."""
PURGED_AT_ONCE: Final = 5000
AT_ONCE: Final = 1000
"""Of one look, and people of one question."""
_FOLLOWERS: Final = """SELECT f.follower AS number, f.boosts AS boosts FROM follows f
  WHERE f.followee = :author AND f.state = 'granted' AND f.follower IN :readers
  UNION ALL SELECT a.number, 1 FROM actors a WHERE a.number = :author AND a.number IN :readers"""
_NOT_MUTED: Final = """NOT EXISTS (SELECT 1 FROM mutes m WHERE m.account = v.number AND m.target = :author
  AND (m.until_ms IS NULL OR m.until_ms > :now))"""
_NOT_APART: Final = """NOT EXISTS (SELECT 1 FROM list_members e JOIN lists o ON o.id = e.list AND o.exclusive = 1
  WHERE e.member = :author AND o.actor = v.number AND v.number <> :author)"""
_AT_HOME: Final = SHOWN.format(me="v.number", boosts="v.boosts", answers=FOLLOWED_ANSWERS.format(me="v.number"))
_IN_LIST: Final = SHOWN.format(me="v.number", boosts="1", answers=LISTED_ANSWERS.format(me="v.number", list="v.list"))
_HOME: Final = text(
    f"WITH v AS ({_FOLLOWERS}) SELECT v.number FROM v JOIN posts p ON p.id = :post "
    f"WHERE p.visibility < 3 AND {_NOT_MUTED} AND {_NOT_APART} AND {_AT_HOME}"
).bindparams(bindparam("readers", expanding=True))
_LISTS: Final = text(
    "WITH v AS (SELECT l.actor AS number, l.id AS list FROM list_members m JOIN lists l ON l.id = m.list "
    "WHERE m.member = :author AND l.id IN :lists AND (l.actor = :author OR EXISTS (SELECT 1 FROM follows r "
    "WHERE r.follower = l.actor AND r.followee = :author AND r.state = 'granted'))) "
    "SELECT v.number, v.list FROM v JOIN posts p ON p.id = :post "
    f"WHERE p.visibility < 3 AND {_NOT_MUTED} AND {_IN_LIST}"
).bindparams(bindparam("lists", expanding=True))
_MUTING: Final = text(
    "SELECT m.account FROM mutes m WHERE m.target = :author AND m.account IN :readers "
    "AND (m.until_ms IS NULL OR m.until_ms > :now)"
).bindparams(bindparam("readers", expanding=True))


class Happening(NamedTuple):
    """``kind`` is ``post``, ``edit``, ``gone``, ``notice`` or ``filters``."""

    id: int
    kind: str
    number: int
    """Of the post, the notification or the filter."""
    actor: int
    """Who has written it, or who is told."""
    audience: int


class HappeningsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def last(self) -> int:
        """The newest one's id; 0 where nothing has happened lately."""
        query = select(func.max(happenings.c.id))
        return int(await self._work.read(lambda connection: connection.execute(query).scalar() or 0))

    async def since(self, after: int) -> list[Happening]:
        """What has happened after one, the oldest first."""
        columns = [happenings.c[name] for name in Happening._fields]
        query = select(*columns).where(happenings.c.id > after).order_by(happenings.c.id).limit(AT_ONCE)
        return await self._work.read(lambda connection: [Happening(*row) for row in connection.execute(query)])

    async def told(self, post: int) -> ToldPost | None:
        """A post as it is sorted; None for one that is gone again."""
        return await self._work.read(lambda connection: _told(connection, post))

    async def readers(
        self, told: ToldPost, readers: Collection[int], lists: Collection[int], *, now_ms: int
    ) -> dict[int, StreamReader]:
        """How those who listen stand to a post; ``lists`` are those that some of them follow."""

        def work(connection: Connection) -> dict[int, StreamReader]:
            found: dict[int, StreamReader] = {}
            for some in _parts(readers):
                found |= _readers(connection, told, some, lists, now_ms)
            return found

        return await self._work.read(work)

    async def followers(self, author: int, among: Collection[int]) -> set[int]:
        """Those of some who follow somebody."""
        follows = tables.follows.c
        query = select(follows.follower).where(follows.followee == author, follows.state == "granted")

        def work(connection: Connection) -> set[int]:
            found: set[int] = set()
            for some in _parts(among):
                found |= set(connection.execute(query.where(follows.follower.in_(some))).scalars())
            return found

        return await self._work.read(work)

    async def lists_of(self, me: int) -> set[int]:
        """One's own lists."""
        query = select(tables.lists.c.id).where(tables.lists.c.actor == me)
        return await self._work.read(lambda connection: set(connection.execute(query).scalars()))

    async def purge(self, now_ms: int) -> int:
        """Forgets a part of what everybody has heard; how much."""
        old = select(happenings.c.id).where(happenings.c.at_ms < now_ms - KEPT_MS).limit(PURGED_AT_ONCE)
        query = delete(happenings).where(happenings.c.id.in_(old))
        return await self._work.write(lambda connection: connection.execute(query).rowcount)


def _told(connection: Connection, number: int) -> ToldPost | None:
    post = load_post(connection, number)
    if post is None:
        return None
    inner = load_post(connection, post.boost_of) if post.boost_of is not None else None
    author = actors_of(connection, [post.author]).get(post.author)
    if author is None or (post.boost_of is not None and inner is None):
        return None
    said = inner or post
    state = connection.execute(select(tables.actors.c.state).where(tables.actors.c.number == post.author)).scalar()
    mentions, tags, media = tables.mentions.c, tables.post_tags.c, tables.media.c
    return ToldPost(
        post=post,
        inner=inner,
        here=author.account is not None,
        limited=state == LIMITED,
        suspended=author.suspended,
        media=connection.execute(select(media.id).where(media.post == said.id).limit(1)).first() is not None,
        tags=tuple(connection.execute(select(tags.tag).where(tags.post == post.id)).scalars()),
        mentioned=frozenset(connection.execute(select(mentions.actor).where(mentions.post == post.id)).scalars()),
    )


def _readers(
    connection: Connection, told: ToldPost, some: Sequence[int], lists: Collection[int], now_ms: int
) -> dict[int, StreamReader]:
    post = told.post
    values = {"author": post.author, "post": post.id, "now": now_ms, "day": DAY, "readers": some}
    follows = tables.follows.c
    granted = (follows.followee == post.author) & follows.follower.in_(some) & (follows.state == "granted")
    following = set(connection.execute(select(follows.follower).where(granted)).scalars())
    muting = set(connection.execute(_MUTING, values).scalars())
    home = set(connection.execute(_HOME, values).scalars()) if post.visibility < Audience.MENTIONED else set()
    blocked = blocked_among(connection, post.author, some)
    if told.inner is not None:
        blocked |= blocked_among(connection, told.inner.author, some) - {post.author}
    in_lists: dict[int, set[int]] = defaultdict(set)
    if lists and post.visibility < Audience.MENTIONED:
        for number, found in connection.execute(_LISTS, values | {"lists": list(lists)}):
            in_lists[number].add(found)
    return {
        each: StreamReader(
            follows=each in following,
            blocked=each in blocked,
            muted=each in muting,
            home=each in home,
            lists=frozenset(in_lists.get(each, ())),
        )
        for each in some
    }


def _parts(people: Collection[int]) -> Iterable[list[int]]:
    all_of = sorted(people)
    return (all_of[at : at + AT_ONCE] for at in range(0, len(all_of), AT_ONCE))
