"""Lets go for good what is needed no more, and what was only taken away: posts of long ago that moderators took down or
whose author is suspended, what was kept with reports that are decided, keys of requests, and what came from elsewhere.
A part at a time; the rest comes next time.
"""

from __future__ import annotations

from typing import Final

from stentor.base import log
from stentor.base.errors import NotFound
from stentor.house.media.service import MediaDesk
from stentor.people.moderation import ANSWER_MS
from stentor.social import reported
from stentor.store.distant_pictures import DistantPictures
from stentor.store.forgetting import ForgettingTable
from stentor.store.objects import Objects
from stentor.store.posts import PostsTable
from stentor.store.purge import PurgeTable
from stentor.store.reported import ReportedTable
from stentor.store.work import Work

MOST: Final = 200
"""Posts of a run, and reports: each is a transaction that waits for the disk."""
STEPS: Final = 10
"""Of a run, over 5,000 posts elsewhere and as many people: a million posts are looked at in a day and a half."""


class PostPurge:
    """Doing it again does no harm: what is gone is gone, and files go before rows."""

    def __init__(self, posts: PostsTable, media: MediaDesk, objects: Objects) -> None:
        self._posts, self._media, self._objects = posts, media, objects
        self._table, self._reported = PurgeTable(posts.work), ReportedTable(posts.work)
        self._log = log.get("house")

    async def run(self, now_ms: int) -> bool:
        """One part; whether there may be more. Raises :class:`Overloaded`."""
        posts = await self._table.posts(now_ms, MOST)
        for post in posts:
            try:
                await self._media.forget(await self._posts.remove(post, None, now_ms=now_ms))
            except NotFound:
                continue  # its author was quicker
        past = await self._reported.past(now_ms - ANSWER_MS, MOST)
        for case, account, kept in past:
            await self._reported.forget(case, kept.id)
            if not await self._reported.kept(kept.id):
                for each in kept.pictures:
                    await self._objects.delete(reported.picture(account, each.key))
        keys = await self._table.keys(now_ms)
        if posts or past or keys:
            self._log.info("posts-purged", posts=len(posts), reported=len(past), keys=keys)
        return MOST in (len(posts), len(past))


class DistantPurge:
    """Lets go of posts and people elsewhere that nobody here needs (``store.forgetting``). It walks along all of them,
    some at each run, and then begins anew. Their pictures are found by the sweep (``house.media``)."""

    def __init__(self, work: Work) -> None:
        self._table, self._pictures = ForgettingTable(work), DistantPictures(work)
        self._post = self._person = 0
        self._log = log.get("house")

    async def run(self, now_ms: int) -> int:
        """One part; how much went. Raises :class:`Overloaded`."""
        posts = people = 0
        for _ in range(STEPS):
            self._post, gone = await self._table.posts(self._post, now_ms=now_ms)
            posts += gone
            if not self._post:
                break
        for _ in range(STEPS):
            self._person, gone = await self._table.people(self._person, now_ms=now_ms)
            people += gone
            if not self._person:
                break
        blocked = await self._table.blocked(now_ms=now_ms, most=MOST)
        await self._pictures.give_up(now_ms=now_ms)
        if posts or people or blocked:
            self._log.info("distant-purged", posts=posts, people=people, blocked=blocked)
        return posts + people + blocked
