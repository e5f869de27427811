"""Posts what was scheduled, on time, and deletes pictures that nobody posted, old notifications, apps that nobody
uses, and what came from elsewhere and nobody needs: one house at a time does it.

Two that do it at once do no harm: a scheduled post is posted in the transaction that takes it out of the list.
"""

from __future__ import annotations

import asyncio
from typing import Final

from stentor.base import log
from stentor.base.errors import Overloaded
from stentor.bus.connection import heed_cancel
from stentor.bus.lease import Lease
from stentor.house.social.purge import DistantPurge, PostPurge
from stentor.house.social.service import PostDesk
from stentor.store.oauth import OAuthTable

LOOK_S: Final = 1.0
AT_ONCE: Final = 100
SWEEP_S: Final = 600.0


class PostKeeper:
    """``run`` is a task of the role; ``lease`` is the one of jobs."""

    def __init__(self, desk: PostDesk, lease: Lease) -> None:
        self.desk, self._lease = desk, lease
        self._purge = PostPurge(desk.table, desk.media, desk.media.objects)
        self._distant = DistantPurge(desk.table.work)
        self._apps = OAuthTable(desk.table.work)
        self._log = log.get("house")

    async def run(self) -> None:
        """For ever."""
        loop, swept_s = asyncio.get_running_loop(), float("-inf")
        while True:
            heed_cancel()
            if self._lease.held:
                try:
                    await self.post_due()
                    if loop.time() - swept_s > SWEEP_S:
                        await self.desk.media.sweep()
                        await self.desk.forget_old()
                        await self._purge.run(self.desk.now_ms)
                        await self._distant.run(self.desk.now_ms)
                        await self._apps.sweep(self.desk.now_ms)
                        swept_s = loop.time()
                except Overloaded as error:
                    self._log.warning("posts-not-kept", detail=error.detail)
            await asyncio.sleep(LOOK_S)

    async def post_due(self) -> None:
        """Posts what is to be posted by now. Raises :class:`Overloaded`."""
        for each in await self.desk.later.due(self.desk.now_ms, AT_ONCE):
            await self.desk.post_due(each)
