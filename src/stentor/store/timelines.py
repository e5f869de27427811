"""Which posts stand in which timeline: ids, the newest first, from a cursor on. No ranking, and no table a reader.

The home timeline is read when it is asked for: the newest post of each author, the sixty newest of those, and from them
as many posts as a page has. A post costs the same whoever follows its author (`bench/social`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, TextClause, exists, or_, select, text
from sqlalchemy.orm import aliased

from stentor.base.clock import Clock, unix_ms, wall
from stentor.social.ids import DAY, LARGEST
from stentor.social.model import Audience
from stentor.store import social_tables as tables
from stentor.store.actors import find_actor, missing
from stentor.store.blocks import lasting
from stentor.store.public import LIMITED
from stentor.store.reading import between
from stentor.store.work import Work

CANDIDATES: Final = 60
"""Looked at for a page; a page has at most a third of them, so filters seldom leave too few."""
MOST_CANDIDATES: Final = 4 * CANDIDATES
"""Of a later round, where filters have left too few: those who follow few who say much that is not shown."""
MANY, NEWEST = 300, 500
"""Who follows more than so many has them looked for among so many posts first: that costs half a millisecond, and
saves a look for each of them where they write one of eight posts."""
MOST_OF_THREAD: Final = 1000
ALWAYS: Final = {"day": DAY, "many": MANY, "newest": NEWEST}
"""Of the queries of timelines."""
_POSTS = tables.posts.c
_FOLLOWED = """SELECT followee, boosts FROM follows WHERE follower = :me AND state = 'granted'
     AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.account = :me AND m.target = followee
                     AND (m.until_ms IS NULL OR m.until_ms > :now))
     AND NOT EXISTS (SELECT 1 FROM list_members e JOIN lists o ON o.id = e.list AND o.exclusive = 1
                     WHERE e.member = followee AND o.actor = :me)
  UNION ALL SELECT :me, 1"""
_LISTED = """SELECT member, 1 FROM list_members WHERE list = :list
     AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.account = :me AND m.target = member
                     AND (m.until_ms IS NULL OR m.until_ms > :now))
     AND (member = :me OR EXISTS (SELECT 1 FROM follows r WHERE r.follower = :me AND r.followee = member
                                  AND r.state = 'granted'))"""
_HEADS = """WITH f(author, boosts) AS MATERIALIZED ({of}),
n(id, author) AS MATERIALIZED (
  SELECT id, author FROM posts WHERE id < :before AND id > :after AND visibility < 3
  ORDER BY id DESC LIMIT (SELECT CASE WHEN count(*) > :many THEN :newest ELSE 0 END FROM f)),
s(id, boosts) AS MATERIALIZED (
  SELECT n.id, f.boosts FROM n JOIN f ON f.author = n.author ORDER BY n.id DESC LIMIT :k),
h(author, boosts, head) AS MATERIALIZED (
  SELECT author, boosts, (SELECT id FROM posts WHERE author = f.author AND visibility < 3 AND id < :before
                          ORDER BY id DESC LIMIT 1) AS head
  FROM f WHERE (SELECT count(*) FROM s) < :k ORDER BY head DESC NULLS LAST LIMIT :k),
e(least) AS MATERIALIZED (
  SELECT CASE WHEN count(*) = :k AND count(head) = :k AND min(head) > :after THEN min(head)
              ELSE :after + 1 END FROM h),
c(id, boosts) AS (
  SELECT id, boosts FROM s WHERE (SELECT count(*) FROM s) = :k
  UNION ALL
  SELECT * FROM (
    SELECT p.id, h.boosts FROM h JOIN posts p ON p.author = h.author AND p.visibility < 3 AND p.id <= h.head
    AND p.id >= coalesce((SELECT id FROM posts WHERE author = h.author AND visibility < 3 AND id <= h.head
                          AND id >= (SELECT least FROM e) ORDER BY id DESC LIMIT 1 OFFSET :k), (SELECT least FROM e))
    ORDER BY 1 DESC LIMIT :k) AS o)"""
"""``s``: of who follows many, what is found among the newest posts of all; where that is enough it is all that is read.
Else ``h``: the authors whose newest posts are the newest. Where there are enough of them, no post that is looked at is
older than the oldest of those (``e``); otherwise as many of each author as are looked at in all."""
_TAILS = """WITH f(author, boosts) AS MATERIALIZED ({of}),
n(id, author) AS MATERIALIZED (
  SELECT id, author FROM posts WHERE id < :before AND id > :after AND visibility < 3
  ORDER BY id LIMIT (SELECT CASE WHEN count(*) > :many THEN :newest ELSE 0 END FROM f)),
s(id, boosts) AS MATERIALIZED (
  SELECT n.id, f.boosts FROM n JOIN f ON f.author = n.author ORDER BY n.id LIMIT :k),
h(author, boosts, head) AS MATERIALIZED (
  SELECT author, boosts, (SELECT id FROM posts WHERE author = f.author AND visibility < 3 AND id > :after
                          ORDER BY id LIMIT 1) AS head
  FROM f WHERE (SELECT count(*) FROM s) < :k ORDER BY head NULLS LAST LIMIT :k),
e(most) AS MATERIALIZED (
  SELECT CASE WHEN count(*) = :k AND count(head) = :k AND max(head) < :before THEN max(head)
              ELSE :before - 1 END FROM h),
c(id, boosts) AS (
  SELECT id, boosts FROM s WHERE (SELECT count(*) FROM s) = :k
  UNION ALL
  SELECT * FROM (
    SELECT p.id, h.boosts FROM h JOIN posts p ON p.author = h.author AND p.visibility < 3 AND p.id >= h.head
    AND p.id <= coalesce((SELECT id FROM posts WHERE author = h.author AND visibility < 3 AND id >= h.head
                          AND id <= (SELECT most FROM e) ORDER BY id LIMIT 1 OFFSET :k), (SELECT most FROM e))
    ORDER BY 1 LIMIT :k) AS o)"""
"""The same from below: the oldest above ``:after``."""
FOLLOWED_ANSWERS: Final = """EXISTS (SELECT 1 FROM follows r WHERE r.follower = {me} AND r.followee = p.reply_author
                                  AND r.state = 'granted')"""
"""Whether a post answers somebody whom one follows."""
LISTED_ANSWERS: Final = f"""EXISTS (SELECT 1 FROM lists o WHERE o.id = {{list}} AND (
  (o.replies = 'followed' AND {FOLLOWED_ANSWERS}) OR (o.replies = 'list' AND EXISTS (
    SELECT 1 FROM list_members i WHERE i.list = o.id AND i.member = p.reply_author))))"""
"""The same of a list, as it says."""
SHOWN: Final = """(p.boost_of IS NULL OR {boosts} = 1)
  AND (p.reply_to IS NULL OR p.reply_author = p.author OR p.reply_author = {me}
       OR {answers})
  AND (p.boost_of IS NULL OR NOT (EXISTS (SELECT 1 FROM mutes x WHERE x.account = {me} AND x.target = p.boost_author
                                          AND (x.until_ms IS NULL OR x.until_ms > :now))
    OR EXISTS (SELECT 1 FROM domain_blocks d JOIN actors a ON a.domain = d.domain AND a.number = p.boost_author
               WHERE d.account = {me})
    OR EXISTS (SELECT 1 FROM blocks x WHERE x.account = {me} AND x.target = p.boost_author)
    OR EXISTS (SELECT 1 FROM blocks x WHERE x.target = {me} AND x.account = p.boost_author)))
  AND (p.author = {me} OR NOT (EXISTS (SELECT 1 FROM mentions t JOIN mutes x ON x.account = {me} AND x.target = t.actor
         AND (x.until_ms IS NULL OR x.until_ms > :now) WHERE t.post = coalesce(p.boost_of, p.id))
    OR EXISTS (SELECT 1 FROM mentions t JOIN blocks x ON x.account = {me} AND x.target = t.actor
               WHERE t.post = coalesce(p.boost_of, p.id))))
  AND (p.boost_of IS NULL OR NOT (
     (p.boost_of > p.id - :day AND (p.boost_author = {me} OR EXISTS (SELECT 1 FROM follows z WHERE z.follower = {me}
        AND z.followee = p.boost_author AND z.state = 'granted')))
     OR EXISTS (SELECT 1 FROM posts o JOIN follows z ON z.follower = {me} AND z.followee = o.author
                  AND z.state = 'granted' WHERE o.boost_of = p.boost_of AND o.id < p.id AND o.id > p.id - :day)))"""
"""Whether a post ``p`` of somebody whom ``{me}`` follows stands in a timeline of theirs. ``{boosts}``: they want what
that one carries on; ``{answers}``: they want what is answered."""
_SHOWN = """SELECT p.id, CASE WHEN {shown} THEN 1 ELSE 0 END AS shown
FROM c JOIN posts p ON p.id = c.id ORDER BY p.id {order}"""


class _Timeline(NamedTuple):
    """A query from above, and one from below."""

    falling: TextClause
    rising: TextClause


def _queries(of: str, answers: str) -> _Timeline:
    shown = SHOWN.format(me=":me", boosts="c.boosts", answers=answers.format(me=":me", list=":list"))
    falling, rising = (
        text(f"{some.format(of=of)}\n{_SHOWN.format(shown=shown, order=order)}")
        for some, order in ((_HEADS, "DESC"), (_TAILS, "ASC"))
    )
    return _Timeline(falling, rising)


_HOME: Final = _queries(_FOLLOWED, FOLLOWED_ANSWERS)
_LIST: Final = _queries(_LISTED, LISTED_ANSWERS)


class OnlyPosts(NamedTuple):
    """Which posts of one person are meant."""

    replies: bool = True
    """Also answers to others."""
    boosts: bool = True
    pictures: bool = False
    """Only those with pictures."""
    tag: str = ""
    """Only those with a tag; empty: all."""

    def conditions(self) -> list[ColumnElement[bool]]:
        media, tags = tables.media.c, tables.post_tags.c
        own = or_(_POSTS.reply_to.is_(None), _POSTS.reply_author == _POSTS.author)
        wanted = [
            (not self.replies, own),
            (not self.boosts, _POSTS.boost_of.is_(None)),
            (self.pictures, exists().where(media.post == _POSTS.id)),
            (bool(self.tag), exists().where(tags.post == _POSTS.id, tags.tag == self.tag)),
        ]
        return [condition for asked, condition in wanted if asked]


EVERYTHING: Final = OnlyPosts()


class TimelinesTable:
    """``before`` and ``after`` are ids that are not in the page themselves. ``rising``: it is the page just above
    ``after``, else the newest above it."""

    def __init__(self, work: Work, clock: Clock = wall) -> None:
        self._work, self._clock = work, clock

    async def home(
        self, me: int, *, before: int = LARGEST, after: int = 0, most: int, rising: bool = False
    ) -> list[int]:
        """Of those whom one follows, and one's own."""
        values = {"me": me, "now": unix_ms(self._clock())}
        return await self._followed(_HOME, values, before, after, most, rising=rising)

    async def listed(
        self, me: int, name: int, *, before: int = LARGEST, after: int = 0, most: int, rising: bool = False
    ) -> list[int]:
        """Of those in a list whom one follows."""
        values = {"me": me, "list": name, "now": unix_ms(self._clock())}
        return await self._followed(_LIST, values, before, after, most, rising=rising)

    async def local(
        self, me: int | None, *, before: int = LARGEST, after: int = 0, most: int, rising: bool = True
    ) -> list[int]:
        """What people here say to everybody; no answers to others and no boosts."""
        here = exists().where(tables.actors.c.number == _POSTS.author, tables.actors.c.account.is_not(None))
        first = or_(_POSTS.reply_to.is_(None), _POSTS.reply_author == _POSTS.author)
        query = select(_POSTS.id).where(_POSTS.visibility == 0, _POSTS.boost_of.is_(None), first, here)
        query = query.where(listed(me))
        return await self._page(query, me, before, after, most, rising=rising)

    async def tag(
        self, me: int | None, tag: str, *, before: int = LARGEST, after: int = 0, most: int, rising: bool = True
    ) -> list[int]:
        """What is said to everybody under a tag."""
        tags = tables.post_tags.c
        query = select(_POSTS.id).join_from(tables.post_tags, tables.posts, tags.post == _POSTS.id)
        query = query.where(tags.tag == tag, _POSTS.visibility == 0, listed(me))
        return await self._page(query, me, before, after, most, rising=rising)

    async def profile(
        self,
        me: int | None,
        author: int,
        *,
        before: int = LARGEST,
        after: int = 0,
        most: int,
        rising: bool = True,
        only: OnlyPosts = EVERYTHING,
    ) -> Sequence[int]:
        """All of one person that may be read by who asks; filtered when read."""
        query = select(_POSTS.id).where(_POSTS.author == author, _POSTS.visibility < int(Audience.MENTIONED))
        return await self._page(query.where(*only.conditions()), None, before, after, most, rising=rising)

    async def pinned(self, author: int) -> list[int]:
        """What somebody has pinned, the newest pin first."""
        pins = tables.pins.c
        query = select(pins.post).where(pins.actor == author).order_by(pins.at_ms.desc())
        return await self._ids(query)

    async def bookmarks(self, me: int, *, before: int = LARGEST, after: int = 0, most: int) -> list[int]:
        """What one has kept, by when it was written."""
        kept = tables.bookmarks.c
        query = select(kept.post).where(kept.actor == me, kept.post < before, kept.post > after)
        return await self._ids(query.order_by(kept.post.desc()).limit(most))

    async def liked(self, me: int, *, before: int = LARGEST, after: int = 0, most: int) -> list[int]:
        """What one likes, by when it was written."""
        likes = tables.likes.c
        query = select(likes.post).where(likes.actor == me, likes.post < before, likes.post > after)
        return await self._ids(query.order_by(likes.post.desc()).limit(most))

    async def quotes(self, me: int, *, before: int = LARGEST, after: int = 0, most: int) -> list[int]:
        """Posts that quote one's own and wait for an answer."""
        own = aliased(tables.posts)
        query = select(_POSTS.id).join_from(tables.posts, own, _POSTS.quote_of == own.c.id)
        query = query.where(own.c.author == me, _POSTS.quote_state == "asked", _POSTS.id < before, _POSTS.id > after)
        return await self._ids(query.order_by(_POSTS.id.desc()).limit(most))

    async def thread(self, post: int) -> list[tuple[int, int | None]]:
        """All ids of the thread of a post with what each answers, the oldest first; the first thousand."""
        first = select(_POSTS.root).where(_POSTS.id == post)

        def work(connection: Connection) -> list[tuple[int, int | None]]:
            root = connection.execute(first).scalar() or post
            query = select(_POSTS.id, _POSTS.reply_to).where(or_(_POSTS.root == root, _POSTS.id == root))
            return [
                (row.id, row.reply_to) for row in connection.execute(query.order_by(_POSTS.id).limit(MOST_OF_THREAD))
            ]

        return await self._work.read(work)

    async def author(self, handle: str) -> int:
        """The number of somebody here; raises :class:`NotFound`."""
        found = await self._work.read(lambda connection: find_actor(connection, handle))
        if found is None:
            raise missing()
        return found.number

    async def _followed(
        self, queries: _Timeline, values: dict[str, int], before: int, after: int, most: int, *, rising: bool
    ) -> list[int]:
        below = _tails if rising else _heads
        query = queries.rising if rising else queries.falling
        return await self._work.read(lambda connection: below(connection, query, values, before, after, most))

    async def _page(
        self, query: Select[int], me: int | None, before: int, after: int, most: int, *, rising: bool
    ) -> list[int]:
        if me is not None:
            query = query.where(~hushed(me, unix_ms(self._clock())))
        query = query.where(_POSTS.id < before, _POSTS.id > after)
        if after and rising:  # the page just above: picked from below, and shown from above
            return (await self._ids(query.order_by(_POSTS.id).limit(most)))[::-1]
        return await self._ids(query.order_by(_POSTS.id.desc()).limit(most))

    async def _ids(self, query: Select[int]) -> list[int]:
        return await self._work.read(lambda connection: list(connection.execute(query).scalars()))


def hushed(me: int, now_ms: int) -> ColumnElement[bool]:
    """Whether one has muted or blocked an author, or where they are from, or is blocked by them."""
    mutes = tables.mutes.c
    muted = exists().where(mutes.account == me, mutes.target == _POSTS.author, lasting(now_ms))
    return or_(muted, between(me, _POSTS.author))


def listed(me: int | None) -> ColumnElement[bool]:
    """Whether an author's posts stand in lists of the site: those of who is limited do for themselves and followers."""
    limited = exists().where(tables.actors.c.number == _POSTS.author, tables.actors.c.state == LIMITED)
    if me is None:
        return ~limited
    follows = tables.follows.c
    mine = (follows.follower == me) & (follows.followee == _POSTS.author) & (follows.state == "granted")
    return or_(~limited, _POSTS.author == me, exists().where(mine))


def _heads(
    connection: Connection, query: TextClause, values: dict[str, int], before: int, after: int, most: int
) -> list[int]:
    """A page, which is short only where there is no more: where filters leave too few of the candidates it goes on
    below the lowest of them."""
    found: list[int] = []
    looked_at = CANDIDATES
    while True:
        asked = values | {"before": before, "after": after, "k": looked_at} | ALWAYS
        rows = connection.execute(query, asked).all()
        found += [row.id for row in rows if row.shown]
        if len(found) >= most or len(rows) < looked_at:
            break
        before, looked_at = rows[-1].id, min(2 * looked_at, MOST_CANDIDATES)
    return found[:most]


def _tails(
    connection: Connection, query: TextClause, values: dict[str, int], before: int, after: int, most: int
) -> list[int]:
    """The same from below, told from above."""
    found: list[int] = []
    looked_at = CANDIDATES
    while True:
        asked = values | {"before": before, "after": after, "k": looked_at} | ALWAYS
        rows = connection.execute(query, asked).all()
        found += [row.id for row in rows if row.shown]
        if len(found) >= most or len(rows) < looked_at:
            break
        after, looked_at = rows[-1].id, min(2 * looked_at, MOST_CANDIDATES)
    return found[:most][::-1]
