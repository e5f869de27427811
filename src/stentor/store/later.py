"""What people write for later: drafts, and posts that are posted at a time; and how far they have read.

A scheduled post is posted in the transaction that takes its row away: once, whatever dies in between.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, RowMapping, Table, delete, func, insert, or_, select, text, update

from stentor.base.errors import Conflict, NotFound
from stentor.store import social_tables as tables
from stentor.store.posts import Composed, add_post
from stentor.store.work import Work

MOST_DRAFTS, MOST_SCHEDULED = 100, 300
_MARK = text("INSERT INTO markers (actor, timeline, post) VALUES (:actor, :timeline, :post) ON CONFLICT DO NOTHING")


class Draft(msgspec.Struct, frozen=True):
    """``body`` is a post to be made, as JSON. Times are ms since 1970."""

    id: int
    body: str
    changed_ms: int


class ScheduledPost(msgspec.Struct, frozen=True):
    """``trouble`` is the code of why it could not be posted; empty while it waits."""

    id: int
    actor: int
    body: str
    at_ms: int
    trouble: str


class LaterTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def drafts(self, me: int) -> list[Draft]:
        """One's own, the newest first."""
        table = tables.drafts.c
        query = select(table.id, table.body, table.changed_ms).where(table.actor == me).order_by(table.id.desc())
        return await self._work.read(lambda connection: [Draft(*row) for row in connection.execute(query)])

    async def keep_draft(self, draft: int, me: int, body: str, media: Sequence[int], *, now_ms: int, new: bool) -> None:
        """Raises :class:`Conflict` for one too many, :class:`NotFound` for one, or a picture, that is not theirs."""
        table = tables.drafts

        def work(connection: Connection) -> None:
            if new:
                _require_room(connection, table, me, MOST_DRAFTS, "too-many-drafts")
                connection.execute(insert(table).values(id=draft, actor=me, body=body, changed_ms=now_ms))
            else:
                mine = (table.c.id == draft) & (table.c.actor == me)
                changed = connection.execute(update(table).where(mine).values(body=body, changed_ms=now_ms))
                if not changed.rowcount:
                    raise no_draft()
            _hold(connection, me, draft, media)

        await self._work.write(work)

    async def drop_draft(self, draft: int, me: int) -> None:
        """Raises :class:`NotFound`."""
        query = delete(tables.drafts).where(tables.drafts.c.id == draft, tables.drafts.c.actor == me)
        if not await self._work.write(lambda connection: connection.execute(query).rowcount):
            raise no_draft()

    async def scheduled(self, me: int) -> list[ScheduledPost]:
        """One's own, the next first."""
        table = tables.scheduled_posts
        query = select(table).where(table.c.actor == me).order_by(table.c.at_ms, table.c.id)
        return await self._work.read(
            lambda connection: [_scheduled(row) for row in connection.execute(query).mappings()]
        )

    async def schedule(self, made: int, me: int, body: str, media: Sequence[int], *, at_ms: int) -> None:
        """Raises :class:`Conflict` for one too many, :class:`NotFound` for a picture that is not theirs."""
        table = tables.scheduled_posts

        def work(connection: Connection) -> None:
            _require_room(connection, table, me, MOST_SCHEDULED, "too-many-scheduled")
            connection.execute(insert(table).values(id=made, actor=me, body=body, at_ms=at_ms))
            _hold(connection, me, made, media)

        await self._work.write_lasting(work)

    async def move(self, scheduled: int, me: int, at_ms: int | None) -> None:
        """Another time, also for one that met trouble; None to post it never. Raises :class:`NotFound`."""
        table = tables.scheduled_posts
        mine = (table.c.id == scheduled) & (table.c.actor == me)
        query = (
            delete(table).where(mine) if at_ms is None else update(table).where(mine).values(at_ms=at_ms, trouble="")
        )
        if not await self._work.write(lambda connection: connection.execute(query).rowcount):
            raise NotFound("There is no such scheduled post; it may have been posted.", code="scheduled-not-found")

    async def due(self, now_ms: int, most: int) -> list[ScheduledPost]:
        """What is to be posted now, the oldest first."""
        table = tables.scheduled_posts
        query = select(table).where(table.c.trouble == "", table.c.at_ms <= now_ms).order_by(table.c.at_ms, table.c.id)
        query = query.limit(most)
        return await self._work.read(
            lambda connection: [_scheduled(row) for row in connection.execute(query).mappings()]
        )

    async def take(self, scheduled: ScheduledPost, post: int, what: Composed, *, now_ms: int) -> bool:
        """Posts one and forgets it, in one transaction; False where another house was faster, or its author has taken
        it back. Raises what :func:`add_post` raises, and it stays."""
        table = tables.scheduled_posts

        def work(connection: Connection) -> bool:
            if not connection.execute(delete(table).where(table.c.id == scheduled.id)).rowcount:
                return False
            add_post(connection, post, scheduled.actor, what, now_ms=now_ms)
            return True

        return await self._work.write_lasting(work)

    async def trouble(self, scheduled: int, code: str) -> None:
        """Notes why one could not be posted: its author sees it, and it is not tried again by itself."""
        table = tables.scheduled_posts
        query = update(table).where(table.c.id == scheduled).values(trouble=code)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

    async def marker(self, me: int, timeline: str) -> int | None:
        """Up to which post one has read a timeline."""
        table = tables.markers.c
        query = select(table.post).where(table.actor == me, table.timeline == timeline)
        return await self._work.read(lambda connection: connection.execute(query).scalar())

    async def mark(self, me: int, timeline: str, post: int) -> int:
        """One has read up to a post; further back changes nothing (two devices). Up to which it is now."""
        table = tables.markers
        mine = (table.c.actor == me) & (table.c.timeline == timeline)
        row = {"actor": me, "timeline": timeline, "post": post}

        def work(connection: Connection) -> int:
            connection.execute(_MARK, row)
            connection.execute(update(table).where(mine, table.c.post < post).values(post=post))
            return int(connection.execute(select(table.c.post).where(mine)).scalar_one())

        return await self._work.write(work)


def no_draft() -> NotFound:
    """There is no such draft of theirs."""
    return NotFound("There is no such draft.", code="draft-not-found")


def _scheduled(row: RowMapping) -> ScheduledPost:
    return ScheduledPost(**row)


def _require_room(connection: Connection, table: Table, me: int, most: int, code: str) -> None:
    if connection.execute(select(func.count()).where(table.c.actor == me)).scalar_one() >= most:
        raise Conflict(f"There are {most} already, which is as many as one keeps.", code=code)


def _hold(connection: Connection, me: int, holder: int, media: Sequence[int]) -> None:
    """Pictures that wait in a draft or scheduled post are kept with it."""
    table = tables.media
    connection.execute(update(table).where(table.c.kept == holder).values(kept=None))
    for each in media:
        free = (table.c.id == each) & (table.c.actor == me) & table.c.post.is_(None)
        free &= or_(table.c.kept.is_(None), table.c.kept == holder)
        if not connection.execute(update(table).where(free).values(kept=holder)).rowcount:
            raise NotFound("There is no such picture, or it is in another post.", code="media-not-found")
