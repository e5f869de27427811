"""Conversations: threads of posts that only those may read whom they mention, as one of them has them."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, text

from stentor.social.ids import LARGEST
from stentor.store import social_tables as tables
from stentor.store.work import Work

_MINE: Final = """SELECT coalesce(p.root, p.id) AS root, max(p.id) AS last FROM (
  SELECT m.post AS id FROM mentions m WHERE m.actor = :me
  UNION SELECT own.id FROM posts own WHERE own.author = :me AND own.boost_of IS NULL AND own.visibility = 3) some
  JOIN posts p ON p.id = some.id AND p.visibility = 3
  WHERE p.author = :me OR NOT EXISTS (SELECT 1 FROM mutes x WHERE x.account = :me AND x.target = p.author
    AND (x.until_ms IS NULL OR x.until_ms > :now))"""
_PAGE: Final = text(
    f"SELECT c.root, c.last, r.post AS read_to FROM ({_MINE} GROUP BY coalesce(p.root, p.id)) c "
    "LEFT JOIN markers r ON r.actor = :me AND r.timeline = 'conversation ' || CAST(c.root AS VARCHAR(20)) "
    "LEFT JOIN markers g ON g.actor = :me AND g.timeline = 'left ' || CAST(c.root AS VARCHAR(20)) "
    "WHERE c.last < :before AND c.last > :after AND c.last > coalesce(g.post, 0) ORDER BY c.last DESC LIMIT :most"
)


class Conversation(NamedTuple):
    """``id`` is the first post of the thread, also when that is gone; ``last`` the newest post; ``read`` how far one
    has read."""

    id: int
    last: int
    read: int


class ConversationsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def page(
        self, me: int, *, before: int = LARGEST, after: int = 0, most: int, now_ms: int
    ) -> list[Conversation]:
        """Those with the newest posts first."""
        asked = {"me": me, "before": before, "after": after, "most": most, "now": now_ms}

        def work(connection: Connection) -> list[Conversation]:
            return [Conversation(row.root, row.last, row.read_to or 0) for row in connection.execute(_PAGE, asked)]

        return await self._work.read(work)

    async def root(self, post: int) -> int | None:
        """The first post of a post's thread."""
        query = select(tables.posts.c.root).where(tables.posts.c.id == post)

        def work(connection: Connection) -> int | None:
            found = connection.execute(query).first()
            return None if found is None else found.root or post

        return await self._work.read(work)

    async def named(self, posts: list[int]) -> dict[int, set[int]]:
        """Who is mentioned in posts."""
        query = text("SELECT post, actor FROM mentions WHERE post IN :posts")
        query = query.bindparams(bindparam("posts", expanding=True))

        def work(connection: Connection) -> dict[int, set[int]]:
            found: dict[int, set[int]] = {}
            for post, actor in connection.execute(query, {"posts": posts}):
                found.setdefault(post, set()).add(actor)
            return found

        return await self._work.read(work) if posts else {}


def read_mark(conversation: int) -> str:
    """The name of the marker of how far one has read."""
    return f"conversation {conversation}"


def left_mark(conversation: int) -> str:
    """The name of the marker up to which one wants to see nothing of it."""
    return f"left {conversation}"
