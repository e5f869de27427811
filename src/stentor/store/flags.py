"""Reports that other servers send: written down as a job of the house, which makes a case of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from stentor.fediverse.sites import SITE
from stentor.store import social_tables, tables
from stentor.store.actors import find_actor
from stentor.store.federating import OutwardDeed, federate
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.work import Work

FLAGGED: Final = "flagged"
"""The kind of the jobs. Payload: ``server``, ``account``, ``handle``, ``posts``, ``text``, ``uri``."""
MOST_DAY: Final = 50
"""Of one server in a day: what comes beyond is no report any more."""
MOST_POSTS: Final = 20
TEXT_CHARACTERS: Final = 2000
DAY_MS: Final = 86_400_000
_ACTORS, _POSTS, _PEOPLE, _JOBS = social_tables.actors, social_tables.posts, tables.accounts, tables.jobs


class FlagsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def forward(self, case: int, address: str, posts: Sequence[int], says: str, *, now_ms: int) -> bool:
        """Has the server of somebody elsewhere told; False where nobody of that address is known."""

        def work(connection: Connection) -> bool:
            other = find_actor(connection, address)
            if other is None or other.account is not None:
                return False
            listed = ",".join(map(str, posts[:MOST_POSTS]))
            federate(
                connection,
                OutwardDeed.FLAG,
                SITE,
                now_ms=now_ms,
                target=other.number,
                posts=listed,
                case=case,
                says=says,
            )
            return True

        return await self._work.write(work)

    async def take(
        self, server: str, uri: str, people: Sequence[int], posts: Sequence[int], says: str, now_ms: int
    ) -> bool:
        """Keeps a report about somebody here: named in it, or as whose posts are; False where it is about nobody here,
        or too many came from that server."""
        theirs = select(_POSTS.c.id, _POSTS.c.author).where(_POSTS.c.id.in_(list(posts)[:MOST_POSTS]))
        subject = f"flags {server}"[:64]
        since = (_JOBS.c.subject == subject) & (_JOBS.c.made_ms > now_ms - DAY_MS)

        def work(connection: Connection) -> bool:
            authors = {row.id: row.author for row in connection.execute(theirs)} if posts else {}
            about = next(iter([*people, *authors.values()]), None)
            query = select(_PEOPLE.c.id, _PEOPLE.c.handle).join_from(
                _ACTORS, _PEOPLE, _ACTORS.c.account == _PEOPLE.c.id
            )
            row = connection.execute(query.where(_ACTORS.c.number == about)).one_or_none()
            came = connection.execute(select(func.count()).select_from(_JOBS).where(since)).scalar_one()
            if row is None or came >= MOST_DAY:
                return False
            named = ",".join(f"{each}" for each, author in authors.items() if author == about)
            said = {"account": row.id, "handle": row.handle, "posts": named, "text": says[:TEXT_CHARACTERS]}
            wanted = Wanted(FLAGGED, server[:200], subject, said | {"uri": uri, "server": server})
            add_jobs(connection, [wanted], now_ms=now_ms)
            return True

        return await self._work.write(work)
