"""Notifications as they are read: in lines, the newest first.

What a reader may see is asked twice: when something happens (``store.telling``), and here, since much can come in
between. That somebody has posted whom one follows with ``notify`` is noted when one looks, so that a post costs nothing
for each of those who wait for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, text, update

from stentor.social import ids, notices
from stentor.social.ids import LARGEST
from stentor.social.model import Author
from stentor.social.notices import NoticeBox, NoticeKind, NoticeRules
from stentor.spaces.model import Space
from stentor.store import social_tables, tables
from stentor.store.actors import actors_of
from stentor.store.reading import Reading, read_posts
from stentor.store.telling import APART, GROUPS, MUTED, NOTES, forget, put, rules_of
from stentor.store.work import Work

SAMPLE: Final = 8
"""So many of a line are named."""
SETTLED_MS: Final = 2000
"""A post is brought when it is so old: by then no transaction is under way that began with a lower id."""
BACK_MS: Final = 7 * 86_400_000
MOST_BROUGHT: Final = 200
"""Posts that are noted at once, the newest of a week: who was away for longer reads the rest at home."""
PURGED_AT_ONCE: Final = 500
_BROUGHT: Final = "brought"
_space: Final = msgspec.json.Decoder(Space)
_MARK: Final = text(
    "INSERT INTO markers (actor, timeline, post) VALUES (:actor, :timeline, :post) ON CONFLICT DO NOTHING"
)
_THROUGH: Final = text("INSERT INTO let_through (account, target) VALUES (:account, :target) ON CONFLICT DO NOTHING")
_RULE: Final = text(
    "INSERT INTO notification_rules (account, not_followed, not_following, new, private, limited) "
    "VALUES (:account, :not_followed, :not_following, :new, :private, :limited) ON CONFLICT (account) DO UPDATE SET "
    "not_followed = :not_followed, not_following = :not_following, new = :new, private = :private, limited = :limited"
)
SEEN: Final = f"""NOT EXISTS (SELECT 1 FROM actors a LEFT JOIN accounts c ON c.id = a.account WHERE a.number = n."by"
    AND (a.state = 'suspended' OR c.suspended_ms IS NOT NULL))
  AND NOT {APART.format(one=":me", other='n."by"')} AND NOT {MUTED.format(one=":me", other='n."by"')}
  AND NOT EXISTS (SELECT 1 FROM posts p JOIN muted_threads t ON t.root = coalesce(p.root, p.id)
                  WHERE t.account = :me AND p.id = n.post)"""
"""Of notifications ``n``: by somebody whom the reader has not muted, who is not suspended, and neither has blocked."""
COLUMNS: Final = 'SELECT n.id, n."by", n.kind, n.post, n.grp, n.at_ms, n.box, n.space, n.news FROM notifications n'
_LAST: Final = f"{SEEN} ORDER BY n.id DESC LIMIT :most"
_SAMPLED: Final = text(f"{COLUMNS} WHERE n.account = :me AND n.grp = :grp AND {_LAST}")
_OF_STRANGER: Final = text(
    f'{COLUMNS} WHERE n.account = :me AND n."by" = :by AND n.box = {int(NoticeBox.STRANGERS)} AND {_LAST}'
)
_UNREAD: Final = text(
    "SELECT count(*) FROM (SELECT 1 AS one FROM notification_groups g WHERE g.account = :me AND g.box = :box "
    "AND g.last > :since AND EXISTS (SELECT 1 FROM notifications n WHERE n.account = :me AND n.grp = g.grp "
    f"AND n.id > :since AND {SEEN}) LIMIT :most) AS few"
)
_NEW_POSTS: Final = text(
    "SELECT p.id, p.author, p.created_ms FROM follows f JOIN posts p ON p.author = f.followee AND p.visibility < 3 "
    "AND p.id > :since AND p.id <= :until WHERE f.follower = :me AND f.notify = 1 AND f.state = 'granted' "
    "AND p.boost_of IS NULL AND (p.reply_to IS NULL OR p.reply_author = p.author) ORDER BY p.id DESC LIMIT :most"
)


class RemindedSpace(msgspec.Struct, frozen=True):
    """The space that a reminder is about, as it is now, and what is new of it."""

    id: str
    title: str
    news: str
    scheduled_ms: int | None


class NoticeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One line: who did it, the newest first, and how many they are. ``post`` is None for what is about none."""

    key: str
    kind: NoticeKind
    many: int
    last: int
    """The newest notification's id."""
    at_ms: int
    people: tuple[Author, ...]
    post: Reading | None = None
    space: RemindedSpace | None = None


class NoticePage(msgspec.Struct, frozen=True):
    """Lines, the newest first. ``newest`` and ``oldest`` are the ids between which it was looked, also at lines that
    are for nobody's eyes any more; 0 where there are none."""

    lines: list[NoticeGroup]
    newest: int = 0
    oldest: int = 0
    """0 at the end."""


class NotificationsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def page(
        self,
        me: int,
        box: NoticeBox,
        *,
        before: int = LARGEST,
        after: int = 0,
        most: int,
        kinds: Collection[NoticeKind] = (),
        now_ms: int,
    ) -> NoticePage:
        """The newest lines of a box, whose newest notification is older than ``before`` and not than ``after``; of
        some ``kinds`` only where they are named.

        Lines that are for nobody's eyes any more are passed over: the page is short only at the end."""
        await self.bring(me, now_ms)
        mine = (GROUPS.c.account == me) & (GROUPS.c.box == int(box)) & (GROUPS.c.last > after)
        if kinds:
            mine &= GROUPS.c.kind.in_([each.value for each in kinds])

        def work(connection: Connection) -> NoticePage:
            found: list[NoticeGroup] = []
            newest, last = 0, before
            while len(found) < most:
                query = select(GROUPS).where(mine, GROUPS.c.last < last).order_by(GROUPS.c.last.desc())
                lines = connection.execute(query.limit(most)).all()
                newest = max(newest, *(each.last for each in lines), 0)
                found += _lines(connection, me, lines, now_ms)
                if len(lines) < most:
                    return NoticePage(found[:most], newest, found[most - 1].last if len(found) > most else 0)
                last = lines[-1].last
            return NoticePage(found[:most], newest, found[most - 1].last)

        return await self._work.read(work)

    async def line(self, me: int, key: str, *, now_ms: int) -> NoticeGroup | None:
        """One line; None where there is none, or nothing in it for anybody's eyes."""
        mine = select(GROUPS).where(GROUPS.c.account == me, GROUPS.c.grp == key)

        def work(connection: Connection) -> NoticeGroup | None:
            found = _lines(connection, me, connection.execute(mine).all(), now_ms)
            return found[0] if found else None

        return await self._work.read(work)

    async def of(self, me: int, other: int, *, now_ms: int) -> list[NoticeGroup]:
        """What waits of one stranger, each alone, the newest first."""
        asked = {"me": me, "by": other, "now": now_ms, "most": notices.MOST_OF_STRANGER}

        def work(connection: Connection) -> list[NoticeGroup]:
            rows = connection.execute(_OF_STRANGER, asked).all()
            return _shown(connection, me, [_Sampled(row.grp, row.id, 1, [row]) for row in rows])

        return await self._work.read(work)

    async def unread(self, me: int, *, since: int, now_ms: int, box: NoticeBox = NoticeBox.MAIN) -> int:
        """How many lines have something that came after a notification, ``MOST_UNREAD`` at most."""
        await self.bring(me, now_ms)
        asked = {"me": me, "box": int(box), "since": since, "now": now_ms, "most": notices.MOST_UNREAD}
        return int(await self._work.read(lambda connection: connection.execute(_UNREAD, asked).scalar_one()))

    async def dismiss(self, me: int, key: str | None) -> None:
        """Takes one line away, or all of both boxes; none is no error."""

        def work(connection: Connection) -> None:
            for table in (NOTES, GROUPS):
                mine = table.c.account == me
                connection.execute(delete(table).where(mine if key is None else mine & (table.c.grp == key)))

        await self._work.write(work)

    async def dismiss_stranger(self, me: int, other: int) -> None:
        """What a stranger has done goes; what they do from now on waits again. None is no error."""

        def work(connection: Connection) -> None:
            forget(connection, _waiting(me, other))

        await self._work.write(work)

    async def let_through(self, me: int, other: int) -> None:
        """What a stranger does, and has done, stands with everything else from now on."""

        def work(connection: Connection) -> None:
            connection.execute(_THROUGH, {"account": me, "target": other})
            theirs = _waiting(me, other)
            waiting = connection.execute(select(NOTES).where(theirs).order_by(NOTES.c.id)).all()
            forget(connection, theirs)
            for each in waiting:
                put(connection, NoticeKind(each.kind), me, other, each.post, NoticeBox.MAIN, each.at_ms)

        await self._work.write(work)

    async def rules(self, me: int) -> NoticeRules:
        """Whose notifications somebody wants apart."""
        return await self._work.read(lambda connection: rules_of(connection, me))

    async def set_rules(self, me: int, rules: NoticeRules) -> None:
        """From now on; what is there stays where it is."""
        row = {name: int(getattr(rules, name)) for name in NoticeRules.__struct_fields__}

        def work(connection: Connection) -> None:
            connection.execute(_RULE, {"account": me, **row})

        await self._work.write(work)

    async def purge(self, now_ms: int) -> int:
        """Deletes what is too old to be kept, a part of it; how many notifications."""
        kept = ((NoticeBox.MAIN, notices.KEPT_MS), (NoticeBox.STRANGERS, notices.STRANGERS_KEPT_MS))

        def work(connection: Connection) -> int:
            gone = 0
            for box, kept_ms in kept:
                old = select(NOTES.c.id).where(NOTES.c.box == int(box), NOTES.c.at_ms < now_ms - kept_ms)
                found = connection.execute(old.order_by(NOTES.c.at_ms).limit(PURGED_AT_ONCE)).scalars().all()
                gone += forget(connection, NOTES.c.id.in_(found)) if found else 0
            return gone

        return await self._work.write(work)

    async def bring(self, me: int, now_ms: int) -> None:
        """Notes what those have posted whom somebody follows with ``notify``."""
        if await self._work.read(lambda connection: bool(_new_posts(connection, me, now_ms))):
            await self._work.write(lambda connection: bring_posts(connection, me, now_ms=now_ms))


def bring_posts(connection: Connection, me: int, *, now_ms: int) -> None:
    """Notes what those have posted since last time whom somebody follows with ``notify``; the first time nothing."""
    until = ids.at(now_ms - SETTLED_MS)
    markers = social_tables.markers
    mine = (markers.c.actor == me) & (markers.c.timeline == _BROUGHT)
    if connection.execute(_MARK, {"actor": me, "timeline": _BROUGHT, "post": until}).rowcount:
        return
    connection.execute(select(markers.c.post).where(mine).with_for_update())
    found = _new_posts(connection, me, now_ms)
    connection.execute(update(markers).where(mine, markers.c.post < until).values(post=until))
    for post, author, created_ms in reversed(found):
        put(connection, NoticeKind.POST, me, author, post, NoticeBox.MAIN, created_ms)


def _new_posts(connection: Connection, me: int, now_ms: int) -> Sequence[Row[Any]]:
    markers = social_tables.markers.c
    since = select(markers.post).where(markers.actor == me, markers.timeline == _BROUGHT)
    brought = connection.execute(since).scalar()
    if brought is None:
        return []
    values = {"since": max(brought, ids.at(now_ms - BACK_MS)), "until": ids.at(now_ms - SETTLED_MS)}
    return connection.execute(_NEW_POSTS, values | {"me": me, "most": MOST_BROUGHT}).all()


def _waiting(me: int, other: int) -> ColumnElement[bool]:
    return and_(NOTES.c.account == me, NOTES.c.by == other, NOTES.c.box == int(NoticeBox.STRANGERS))


class _Sampled(NamedTuple):
    key: str
    last: int
    many: int
    sample: Sequence[Row[Any]]


def _lines(connection: Connection, me: int, rows: Sequence[Row[Any]], now_ms: int) -> list[NoticeGroup]:
    found = []
    for row in rows:
        sample = connection.execute(_SAMPLED, {"me": me, "grp": row.grp, "now": now_ms, "most": SAMPLE}).all()
        found.append(_Sampled(row.grp, row.last, row.n if len(sample) == SAMPLE else len(sample), sample))
    return _shown(connection, me, found)


def _shown(connection: Connection, me: int, lines: Sequence[_Sampled]) -> list[NoticeGroup]:
    """Lines, each with the newest of its notifications. What is about a post stands there only with it."""
    people = actors_of(connection, {each.by for line in lines for each in line.sample})
    about = {line.sample[0].post for line in lines if line.sample and line.sample[0].post is not None}
    posts = {each.post.id: each for each in read_posts(connection, sorted(about), me)}
    spaces = _spaces(connection, [line.sample[0] for line in lines if line.sample])
    shown = []
    for line in lines:
        newest = line.sample[0] if line.sample else None
        if newest is None or (newest.post is not None and newest.post not in posts):
            continue
        if newest.space is not None and newest.id not in spaces:
            continue
        others = dict.fromkeys(each.by for each in line.sample if each.by != me)
        named = tuple(people[number] for number in others if number in people)
        shown.append(
            NoticeGroup(
                key=line.key, kind=NoticeKind(newest.kind), many=line.many, last=line.last, at_ms=newest.at_ms,
                people=named, post=posts.get(newest.post), space=spaces.get(newest.id),
            )
        )  # fmt: skip
    return shown


def _spaces(connection: Connection, newest: Sequence[Row[Any]]) -> dict[int, RemindedSpace]:
    """What reminders are about, by their ids; without spaces of which not everybody may know any more."""
    asked = {each.space for each in newest if each.space is not None}
    if not asked:
        return {}
    query = select(tables.spaces.c.body).where(tables.spaces.c.id.in_(sorted(asked)))
    there = {each.id: each for body in connection.execute(query).scalars() if not (each := _space.decode(body)).private}
    return {
        each.id: RemindedSpace(space.id, space.title, str(each.news), space.scheduled_ms)
        for each in newest
        if (space := there.get(each.space)) is not None and space.removed is None
    }
