"""What happens in the words of Mastodon's client API: once for all who read it alike, else for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from stentor.house.mastodon.entities import StatusEntity
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.personal.api_conversations import ConversationWays
from stentor.house.personal.api_notifications import NotificationWays
from stentor.house.social.views import hits
from stentor.house.streaming.teller import encoded
from stentor.social.streams import ToldPost
from stentor.social.visible import is_file
from stentor.social.word_filters import FilterAction, FilterContext, Sieve
from stentor.store.reading import Mark, Reading

MOST_SIEVES: Final = 5000
"""People whose word filters are remembered."""


class StreamWording:
    """Of posts, notifications and conversations."""

    def __init__(self, shapes: StatusShapes, notices: NotificationWays, conversations: ConversationWays) -> None:
        self._shapes, self._notices, self._conversations, self._desk = shapes, notices, conversations, shapes.desk
        self._sieves: dict[int, Sieve] = {}

    async def posted(self, told: ToldPost, readers: Iterable[int], *, anew: bool) -> dict[int, str]:
        """A post for each reader who wants to read it. One that is new, is no boost, and has no pictures with a key of
        their own reads the same for everybody but its author and those who filter words of it."""
        author = told.post.author
        shared = not anew and told.inner is None and told.post.quote_of is None
        shared = shared and (is_file(told.post) or not told.media)
        made: dict[int, str] = {}
        common: tuple[Reading, StatusEntity, str] | None = None
        for me in readers:
            if not shared or me == author:
                if (text := await self._for(me, told.post.id)) is not None:
                    made[me] = text
                continue
            if common is None and (common := await self._common(author, told.post.id)) is None:
                break  # it is gone again
            reading, entity, text = common
            met = hits(reading, await self._sieve(me))
            if any(hit.filter.action is FilterAction.HIDE for hit in met):
                continue
            if met:
                entity = msgspec.structs.replace(entity, filtered=[self._shapes.result(hit) for hit in met])
                text = encoded(entity)
            made[me] = text
        return made

    async def noticed(self, me: int, notice: int) -> str | None:
        found = await self._notices.one(me, notice)
        return encoded(found) if found is not None and not found.filtered else None

    async def conversed(self, me: int, post: int) -> str | None:
        found = await self._conversations.of_post(me, post)
        return encoded(found) if found is not None else None

    def forget_filters(self, me: int) -> None:
        self._sieves.pop(me, None)

    async def _for(self, me: int, post: int) -> str | None:
        found = await self._shapes.some([post], me, FilterContext.HOME)
        return encoded(found[0]) if found else None

    async def _common(self, author: int, post: int) -> tuple[Reading, StatusEntity, str] | None:
        """As everybody reads it who has done nothing with it yet."""
        found = await self._desk.table.read([post], author)
        if not found:
            return None
        reading = msgspec.structs.replace(found[0], mark=Mark(), mine=False)
        shown = await self._shapes.all([reading], None)
        return (reading, shown[0], encoded(shown[0])) if shown else None

    async def _sieve(self, me: int) -> Sieve:
        known = self._sieves.get(me)
        if known is None:
            if len(self._sieves) >= MOST_SIEVES:
                self._sieves.clear()
            known = self._sieves[me] = await self._desk.sieve(me, FilterContext.HOME)
        return known
