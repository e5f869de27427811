"""What is kept for a time beside posts, and is over: found by index, a part at a time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, or_, select

from stentor.store import social_tables, tables
from stentor.store.post_keys import KEPT_MS as KEYS_KEPT_MS
from stentor.store.work import Work

REVERSIBLE_MS: Final = 30 * 86_400_000
"""So long a post that was taken down, and a suspended account, can be brought back with all posts."""
KEYS_AT_ONCE: Final = 5000


class PurgeTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def posts(self, now_ms: int, most: int) -> list[int]:
        """Some that were taken down, or whose author was suspended, so long ago that they go for good."""
        posts, actors, accounts = social_tables.posts.c, social_tables.actors.c, tables.accounts.c
        before = now_ms - REVERSIBLE_MS
        gone = select(actors.number).join_from(social_tables.actors, tables.accounts, actors.account == accounts.id)
        gone = gone.where(accounts.suspended_ms < before)
        taken = select(posts.id).where(posts.taken_ms < before).limit(most)

        def work(connection: Connection) -> list[int]:
            found = list(connection.execute(taken).scalars())
            people = list(connection.execute(gone).scalars())
            if people and len(found) < most:
                theirs = select(posts.id).where(
                    posts.author.in_(people), or_(posts.taken_ms.is_(None), posts.taken_ms >= before)
                )
                found += connection.execute(theirs.limit(most - len(found))).scalars()
            return found

        return await self._work.read(work)

    async def keys(self, now_ms: int) -> int:
        """Forgets keys of requests from more than a day ago, some of them; how many."""
        keys = social_tables.post_keys
        old = select(keys.c.actor, keys.c.key).where(keys.c.at_ms < now_ms - KEYS_KEPT_MS).limit(KEYS_AT_ONCE)

        def work(connection: Connection) -> int:
            rows = connection.execute(old).all()
            for row in rows:
                connection.execute(delete(keys).where(keys.c.actor == row.actor, keys.c.key == row.key))
            return len(rows)

        return await self._work.write(work)
