"""Timelines: home, what people here say, tags, lists, and what one likes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from stentor.house.clients.asking import Ask, Paged, Paging
from stentor.house.clients.ways import AppWay, Needs
from stentor.house.mastodon.entities import StatusEntity
from stentor.house.mastodon.shapes import StatusShapes
from stentor.social import text
from stentor.social.word_filters import FilterContext
from stentor.store.follows import FollowsTable
from stentor.store.timelines import TimelinesTable

MOST_ROUNDS: Final = 5
"""Pages that are read for one where most of what is read is left out: a search for pictures must end."""
Reading = Callable[[Paging], Awaitable[Sequence[int]]]


class TimelineWays:
    """Pages of posts."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk = shapes, shapes.desk
        work = self.desk.table.work
        self.table, self.follows = TimelinesTable(work, self.desk.clock), FollowsTable(work)

    def ways(self) -> list[AppWay]:
        return [
            AppWay("GET", "/v1/timelines/home", "read:statuses", self.home),
            AppWay("GET", "/v1/timelines/public", "read:statuses", self.public, Needs.NOBODY),
            AppWay("GET", "/v1/timelines/tag/{tag}", "read:statuses", self.tagged, Needs.NOBODY),
            AppWay("GET", "/v1/timelines/list/{id}", "read:lists", self.listed),
            AppWay("GET", "/v1/favourites", "read:favourites", self.liked),
        ]

    async def home(self, ask: Ask) -> Paged:
        me = ask.me

        async def read(asked: Paging) -> Sequence[int]:
            return await self.table.home(
                me, before=asked.before, after=asked.after, most=asked.most, rising=asked.rising
            )

        return await self.page(ask, read, FilterContext.HOME)

    async def public(self, ask: Ask) -> Paged:
        """What people here say; of elsewhere nothing is listed."""
        if ask.flag("remote"):
            return Paged([])
        viewer = ask.viewer

        async def read(asked: Paging) -> Sequence[int]:
            return await self.table.local(
                viewer, before=asked.before, after=asked.after, most=asked.most, rising=asked.rising
            )

        return await self.page(ask, read, FilterContext.PUBLIC)

    async def tagged(self, ask: Ask) -> Paged:
        viewer, tag = ask.viewer, text.tag(ask.part("tag"))

        async def read(asked: Paging) -> Sequence[int]:
            return await self.table.tag(
                viewer, tag, before=asked.before, after=asked.after, most=asked.most, rising=asked.rising
            )

        return await self.page(ask, read, FilterContext.PUBLIC)

    async def listed(self, ask: Ask) -> Paged:
        me, there = ask.me, await self.follows.list_of(ask.me, ask.number())

        async def read(asked: Paging) -> Sequence[int]:
            return await self.table.listed(
                me, there.id, before=asked.before, after=asked.after, most=asked.most, rising=asked.rising
            )

        return await self.page(ask, read, FilterContext.HOME)

    async def liked(self, ask: Ask) -> Paged:
        me = ask.me

        async def read(asked: Paging) -> Sequence[int]:
            return await self.table.liked(me, before=asked.before, after=asked.after, most=asked.most)

        return await self.page(ask, read, None)

    async def page(self, ask: Ask, read: Reading, context: FilterContext | None) -> Paged:
        """A page of posts. Apps take a short one for the end, so what is left out is made up for as far as it goes."""
        asked, pictures = ask.paging(), ask.flag("only_media")
        shown: list[StatusEntity] = []
        first, last, more = 0, 0, False
        at = asked
        for _ in range(MOST_ROUNDS):
            found = await read(at)
            if not found:
                more = False
                break
            first, last = first or found[0], found[-1]
            more = len(found) >= at.most or asked.after > 0
            readable = await self.desk.table.read(found, ask.viewer)
            if pictures:
                readable = [each for each in readable if each.media]
            shown += await self.shapes.all(readable, ask.viewer, context)
            if (shown and not pictures) or len(shown) >= asked.most or len(found) < at.most or asked.rising:
                break
            at = at._replace(before=found[-1])
        if not first:  # whoever looks for news looks there again (mastodon#25760)
            return Paged([], asked.after or None)
        if len(shown) > asked.most:  # of several rounds: what is cut off comes with the next page
            shown = shown[: asked.most]
            last = int(shown[-1].id)
        return Paged(shown, first, last, more)
