"""Conversations: threads for those only whom they mention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stentor.house.clients.asking import Ask, Paged, nothing
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.entities import AccountEntity, StatusEntity
from stentor.house.mastodon.shapes import StatusShapes
from stentor.social.word_filters import FilterContext
from stentor.store.conversations import Conversation, ConversationsTable, left_mark, read_mark


class ConversationEntity(msgspec.Struct, frozen=True):
    """``accounts`` are those with whom one talks."""

    id: str
    unread: bool
    accounts: list[AccountEntity]
    last_status: StatusEntity | None


class ConversationWays:
    """One's own."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk = shapes, shapes.desk
        self.table = ConversationsTable(self.desk.table.work)

    def ways(self) -> list[AppWay]:
        return [
            AppWay("GET", "/v1/conversations", "read:statuses", self.all),
            AppWay("POST", "/v1/conversations/{id}/read", "write:conversations", self.read),
            AppWay("POST", "/v1/conversations/{id}/unread", "write:conversations", self.look),
            AppWay("DELETE", "/v1/conversations/{id}", "write:conversations", self.remove),
        ]

    async def all(self, ask: Ask) -> Paged:
        asked = ask.paging()
        found = await self.table.page(
            ask.me, before=asked.before, after=asked.after, most=asked.most, now_ms=self.desk.now_ms
        )
        if not found:
            return Paged([])
        shown = await self._told(ask.me, found)
        return Paged(shown, found[0].last, found[-1].last, len(found) >= asked.most)

    async def look(self, ask: Ask) -> ConversationEntity:
        """One; that it is read is not taken back."""
        return await self._one(ask.me, ask.number())

    async def read(self, ask: Ask) -> ConversationEntity:
        found = await self._found(ask.me, ask.number())
        await self.desk.later.mark(ask.me, read_mark(found.id), found.last)
        return await self._one(ask.me, found.id)

    async def remove(self, ask: Ask) -> dict[str, Any]:
        """It is back with its next post."""
        found = await self._found(ask.me, ask.number())
        await self.desk.later.mark(ask.me, left_mark(found.id), found.last)
        return {}

    async def of_post(self, me: int, post: int) -> ConversationEntity | None:
        """The one that a post belongs to, whose last it is; None where one may not read it."""
        root = await self.table.root(post)
        shown = await self._told(me, [Conversation(root, post, 0)]) if root is not None else []
        return shown[0] if shown else None

    async def _found(self, me: int, number: int) -> Conversation:
        for each in await self.table.page(me, most=1000, now_ms=self.desk.now_ms):
            if each.id == number:
                return each
        raise nothing()

    async def _one(self, me: int, number: int) -> ConversationEntity:
        shown = await self._told(me, [await self._found(me, number)])
        if not shown:
            raise nothing()
        return shown[0]

    async def _told(self, me: int, found: Sequence[Conversation]) -> list[ConversationEntity]:
        """Those whose last post one may read, and wants to."""
        posts = [each.last for each in found]
        readable = {each.post.id: each for each in await self.desk.table.read(posts, me)}
        named = await self.table.named(posts)
        shown = await self.shapes.all(list(readable.values()), me, FilterContext.THREAD)
        statuses = {int(each.id): each for each in shown}
        people = {each: (named.get(each, set()) | {readable[each].author.number}) - {me} for each in statuses}
        known = await self.shapes.profiles.of(sorted(set().union(*people.values())))
        return [
            ConversationEntity(
                id=f"{each.id}",
                unread=each.last > each.read and not readable[each.last].mine,
                accounts=[self.shapes.people.account(known[who]) for who in sorted(people[each.last]) if who in known],
                last_status=statuses[each.last],
            )
            for each in found
            if each.last in statuses
        ]
