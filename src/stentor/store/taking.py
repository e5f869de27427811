"""What somebody takes with them as lists: people by their addresses, domains, posts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select

from stentor.store import notice_tables
from stentor.store import social_tables as tables
from stentor.store.actors import actors_of
from stentor.store.work import Work

_FOLLOW, _MUTE, _BLOCK = tables.follows.c, tables.mutes.c, tables.blocks.c


class TakingTable:
    """Methods may raise :class:`Overloaded` when the database does not answer. People are ``name`` or
    ``name@server``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def following(self, me: int) -> list[tuple[str, bool, bool]]:
        """Whom somebody follows or has asked, with their boosts, and told of each post."""
        query = select(_FOLLOW.followee, _FOLLOW.boosts, _FOLLOW.notify).where(_FOLLOW.follower == me)
        return [(name, bool(boosts), bool(notify)) for name, boosts, notify in await self._named(query)]

    async def muted(self, me: int) -> list[tuple[str, bool]]:
        """Whom somebody mutes for good, and whether notifications are hidden, too."""
        query = select(_MUTE.target, _MUTE.notifications).where(_MUTE.account == me, _MUTE.until_ms.is_(None))
        return [(name, bool(hides)) for name, hides in await self._named(query)]

    async def blocked(self, me: int) -> list[str]:
        return [name for (name,) in await self._named(select(_BLOCK.target).where(_BLOCK.account == me))]

    async def listed(self, me: int) -> list[tuple[str, str]]:
        """Names of lists, and who is in them."""
        members, lists = tables.list_members.c, tables.lists.c
        query = select(members.member, lists.name).join_from(
            tables.list_members, tables.lists, members.list == lists.id
        )
        query = query.where(lists.actor == me).order_by(lists.name, lists.id, members.member)
        return [(called, name) for name, called in await self._named(query)]

    async def domains(self, me: int) -> list[str]:
        blocks = notice_tables.domain_blocks.c
        query = select(blocks.domain).where(blocks.account == me).order_by(blocks.domain)
        return await self._work.read(lambda connection: list(connection.execute(query).scalars()))

    async def bookmarks(self, me: int) -> list[tuple[int, str | None]]:
        """Posts that somebody has kept, with the address of those elsewhere."""
        kept, posts = tables.bookmarks.c, tables.posts.c
        query = select(posts.id, posts.uri).join_from(tables.bookmarks, tables.posts, kept.post == posts.id)
        query = query.where(kept.actor == me).order_by(posts.id)
        return await self._work.read(lambda connection: [(row.id, row.uri) for row in connection.execute(query)])

    async def _named(self, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The rows with an address in place of the first column, a number."""

        def work(connection: Connection) -> list[tuple[Any, ...]]:
            rows = connection.execute(query).all()
            people = actors_of(connection, [row[0] for row in rows])
            return [(people[row[0]].address, *row[1:]) for row in rows if row[0] in people]

        return await self._work.read(work)
