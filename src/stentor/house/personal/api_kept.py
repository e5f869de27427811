"""What somebody keeps for themselves: bookmarks, how far they have read, posts for later; and votes in polls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stentor.base.errors import BadInput, NotFound
from stentor.house.clients.asking import Ask, Paged, Paging, nothing
from stentor.house.clients.ways import AppWay, Needs
from stentor.house.mastodon.api_statuses import StatusWays
from stentor.house.mastodon.api_timelines import TimelineWays
from stentor.house.mastodon.entities import PollEntity, stamp, time_ms
from stentor.house.social import schema
from stentor.house.social.api_later import read
from stentor.house.social.api_timelines import MARKED
from stentor.social import ids
from stentor.store.later import ScheduledPost


class MarkWish(msgspec.Struct, frozen=True):
    last_read_id: str


class MarkersWish(msgspec.Struct, frozen=True):
    home: MarkWish | None = None
    notifications: MarkWish | None = None


class TimelinesWish(msgspec.Struct, frozen=True):
    timeline: list[str] = []


class VoteWish(msgspec.Struct, frozen=True):
    choices: list[int]


class TimeWish(msgspec.Struct, frozen=True):
    scheduled_at: str | None = None


class KeptWays:
    """``statuses`` tells of posts that wait, ``timelines`` makes pages."""

    def __init__(self, statuses: StatusWays, timelines: TimelineWays) -> None:
        self.statuses, self.timelines, self.shapes = statuses, timelines, statuses.shapes
        self.desk, self.later = statuses.desk, statuses.desk.later

    def ways(self) -> list[AppWay]:
        later = "/v1/scheduled_statuses"
        return [
            AppWay("GET", "/v1/bookmarks", "read:bookmarks", self.bookmarks),
            AppWay("GET", "/v1/markers", "read:statuses", self.markers),
            AppWay("POST", "/v1/markers", "write:statuses", self.mark),
            AppWay("GET", "/v1/polls/{id}", "read:statuses", self.poll, Needs.NOBODY),
            AppWay("POST", "/v1/polls/{id}/votes", "write:statuses", self.vote),
            AppWay("GET", later, "read:statuses", self.scheduled),
            AppWay("GET", f"{later}/{{id}}", "read:statuses", self.one_scheduled),
            AppWay("PUT", f"{later}/{{id}}", "write:statuses", self.move),
            AppWay("DELETE", f"{later}/{{id}}", "write:statuses", self.cancel),
        ]

    async def bookmarks(self, ask: Ask) -> Paged:
        me = ask.me

        async def found(asked: Paging) -> Sequence[int]:
            return await self.timelines.table.bookmarks(me, before=asked.before, after=asked.after, most=asked.most)

        return await self.timelines.page(ask, found, None)

    # How far one has read.

    async def markers(self, ask: Ask) -> dict[str, Any]:
        wanted = [each for each in ask.wish(TimelinesWish).timeline if each in MARKED]
        return await self._marks(ask.me, wanted or MARKED)

    async def mark(self, ask: Ask) -> dict[str, Any]:
        """Further back changes nothing: there may be two devices."""
        wish = ask.wish(MarkersWish)
        marks = {name: mark for name in MARKED if (mark := getattr(wish, name)) is not None}
        for name, mark in marks.items():
            number = ids.parse(mark.last_read_id)
            if number is None:
                raise BadInput("last_read_id is an id.", field=name)
            await self.later.mark(ask.me, name, number)
        return await self._marks(ask.me, marks)

    async def _marks(self, me: int, names: Sequence[str] | dict[str, Any]) -> dict[str, Any]:
        found = {name: await self.later.marker(me, name) for name in names}
        return {
            name: {"last_read_id": f"{mark}", "version": mark % 1_000_000_000, "updated_at": stamp(self._when(mark))}
            for name, mark in found.items()
            if mark is not None
        }

    def _when(self, mark: int) -> int:
        """When that was made: when it was read is not kept. An id of a notification has no time in it."""
        return ids.time_ms(mark) or self.desk.now_ms

    # Polls; each has the id of its post.

    async def poll(self, ask: Ask) -> PollEntity:
        found = await self.desk.table.one(ask.number(), ask.viewer)
        if found.poll is None:
            raise nothing()
        return self.shapes.poll(found, ask.viewer)

    async def vote(self, ask: Ask) -> PollEntity:
        """Once."""
        self.desk.touch(ask.account)
        await self.desk.table.vote(ask.me, ask.number(), ask.wish(VoteWish).choices, now_ms=self.desk.now_ms)
        return await self.poll(ask)

    # Posts for later.

    async def scheduled(self, ask: Ask) -> Paged:
        """All of them: there are few."""
        return Paged([await self._told(each, ask.me) for each in await self.later.scheduled(ask.me)])

    async def one_scheduled(self, ask: Ask) -> dict[str, Any]:
        return await self._told(await self._one(ask), ask.me)

    async def move(self, ask: Ask) -> dict[str, Any]:
        try:
            at_ms = time_ms(ask.wish(TimeWish).scheduled_at or "")
        except ValueError:
            raise BadInput("A time is written as 2026-11-30T12:00:00Z.", field="scheduled_at") from None
        await self.desk.move(ask.account, ask.number(), at_ms)
        return await self._told(await self._one(ask), ask.me)

    async def cancel(self, ask: Ask) -> dict[str, Any]:
        await self.later.move(ask.number(), ask.me, None)
        return {}

    async def _one(self, ask: Ask) -> ScheduledPost:
        for each in await self.later.scheduled(ask.me):
            if each.id == ask.number():
                return each
        raise NotFound("Record not found", code="scheduled-not-found")

    async def _told(self, found: ScheduledPost, me: int) -> dict[str, Any]:
        made = schema.ScheduledView(f"{found.id}", read(found.body), found.at_ms, found.trouble)
        return await self.statuses.scheduled(made, me)
