"""Lets go for good what was only taken away: posts of long ago that moderators took down or whose author is suspended,
what was kept with reports that are decided, and keys of requests. A part at a time; the rest comes next time.
"""

from __future__ import annotations

from typing import Final

from stentor.base import log
from stentor.base.errors import NotFound
from stentor.house.media.service import MediaDesk
from stentor.people.moderation import ANSWER_MS
from stentor.social import reported
from stentor.store.objects import Objects
from stentor.store.posts import PostsTable
from stentor.store.purge import PurgeTable
from stentor.store.reported import ReportedTable

MOST: Final = 200
"""Posts of a run, and reports: each is a transaction that waits for the disk."""


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
