"""What readers do with posts, and who has done it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from stentor.house.clients.asking import Ask, Paged
from stentor.house.clients.ways import AppWay, Needs
from stentor.house.mastodon.entities import StatusEntity
from stentor.house.mastodon.shapes import StatusShapes
from stentor.store.posts import Gesture

_MARKS: Final = (
    ("favourite", Gesture.LIKE, "favourites"), ("bookmark", Gesture.BOOKMARK, "bookmarks"),
    ("pin", Gesture.PIN, "accounts"),
)  # fmt: skip
_MOST: Final = 80


class DeedWays:
    """Doing something again changes nothing, nor does taking back what is not there."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk = shapes, shapes.desk

    def ways(self) -> list[AppWay]:
        marks = [
            AppWay("POST", f"/v1/statuses/{{id}}/{way}{name}", f"write:{group}", self._mark(gesture, on=not way))
            for name, gesture, group in _MARKS
            for way in ("", "un")
        ]
        return [
            *marks,
            AppWay("POST", "/v1/statuses/{id}/reblog", "write:statuses", self.boost),
            AppWay("POST", "/v1/statuses/{id}/unreblog", "write:statuses", self.unboost),
            AppWay("POST", "/v1/statuses/{id}/mute", "write:mutes", self._mute(on=True)),
            AppWay("POST", "/v1/statuses/{id}/unmute", "write:mutes", self._mute(on=False)),
            AppWay("GET", "/v1/statuses/{id}/reblogged_by", "read:statuses", self.boosters, Needs.NOBODY),
            AppWay("GET", "/v1/statuses/{id}/favourited_by", "read:statuses", self.likers, Needs.NOBODY),
        ]

    async def post(self, ask: Ask) -> int:
        """The post that is meant: of a boost what it carries on. Raises :class:`NotFound`."""
        found = await self.desk.table.one(ask.number(), ask.viewer)
        return found.post.id if found.boost is None else found.boost.post.id

    def _mark(self, gesture: Gesture, *, on: bool) -> Callable[[Ask], Awaitable[StatusEntity]]:
        async def mark(ask: Ask) -> StatusEntity:
            self.desk.touch(ask.account)
            post = await self.post(ask)
            await self.desk.table.mark(gesture, ask.me, post, on=on, now_ms=self.desk.now_ms)
            return await self.shapes.one(post, ask.me)

        return mark

    def _mute(self, *, on: bool) -> Callable[[Ask], Awaitable[StatusEntity]]:
        async def mute(ask: Ask) -> StatusEntity:
            post = await self.post(ask)
            await self.desk.blocks.mute_thread(ask.me, post, on=on)
            return await self.shapes.one(post, ask.me)

        return mute

    async def boost(self, ask: Ask) -> StatusEntity:
        """The boost, with what it carries on."""
        self.desk.touch(ask.account)
        made = await self.desk.boost(ask.me, await self.post(ask))
        return await self.shapes.one(int(made.id), ask.me)

    async def unboost(self, ask: Ask) -> StatusEntity:
        post = await self.post(ask)
        await self.desk.table.unboost(ask.me, post, now_ms=self.desk.now_ms)
        return await self.shapes.one(post, ask.me)

    async def boosters(self, ask: Ask) -> Paged:
        post, asked = await self.post(ask), ask.paging(most=_MOST, usual=_MOST // 2)
        found = await self.shapes.profiles.boosters(post, before=asked.before, most=asked.most)
        if not found:
            return Paged([])
        people = await self._people([actor for _, actor in found], ask)
        return Paged(people, found[0][0], found[-1][0], len(found) >= asked.most)

    async def likers(self, ask: Ask) -> Paged:
        """Of one's own post: who likes what is told to those who wrote it, and to nobody else."""
        post, asked = await self.post(ask), ask.paging(most=_MOST, usual=_MOST // 2)
        if not (await self.desk.table.one(post, ask.viewer)).mine:
            return Paged([])
        found = await self.shapes.profiles.likers(post, before=asked.before, most=asked.most)
        if not found:
            return Paged([])
        return Paged(await self._people(found, ask), found[0], found[-1], len(found) >= asked.most)

    async def _people(self, numbers: list[int], ask: Ask) -> list[object]:
        """Those who are there for who asks."""
        known = await self.shapes.profiles.of(numbers)
        apart = await self.desk.blocks.apart(ask.viewer, numbers) if ask.viewer is not None else set[int]()
        shown = [known[each] for each in numbers if each in known and each not in apart]
        return [self.shapes.people.account(each) for each in shown if not each.author.suspended]
