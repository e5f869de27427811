"""Pictures of posts and people elsewhere: orders that couriers fetch them, and makes anew what came.

It is done by the way: one picture after the other, each in a process of its own, and only so many are on their way at
once that what waits is small.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import BadInput, Overloaded
from stentor.bus.connection import heed_cancel
from stentor.bus.jobs import JobQueue
from stentor.bus.lease import Lease
from stentor.house.media.service import MediaDesk
from stentor.spaces.hooks import host_of
from stentor.store.distant_pictures import DistantPictures, FetchedPicture
from stentor.store.domain_policies import DROP
from stentor.store.jobs import Job

JOB: Final = "picture"
"""The kind of the couriers' jobs: ``id``."""
MOST_UNDER_WAY: Final = 40
"""Asked for, or waiting here as they came: 8 MiB each at most, usually a twentieth of that."""
LOOK_S: Final = 2.0
DROPPED_AT_ONCE: Final = 100


class DistantPictureDesk:
    """``run`` is a task of the role."""

    def __init__(self, pictures: DistantPictures, media: MediaDesk, queue: JobQueue, clock: Clock) -> None:
        self._pictures, self._media, self._queue, self._clock = pictures, media, queue, clock
        self._log = log.get("house")

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """By kind, for the keeper of jobs."""
        return {DROP: self._drop}

    async def run(self, lease: Lease) -> None:
        """For ever, in the house that has the lease of jobs."""
        while True:
            heed_cancel()
            more = False
            if lease.held:
                try:
                    await self.order()
                    more = await self.make()
                except Overloaded as error:
                    self._log.warning("pictures-wait", reason=error.detail)
            await asyncio.sleep(0 if more else LOOK_S)

    async def order(self) -> None:
        """Orders some that nobody has asked for. Raises :class:`Overloaded`."""
        room = MOST_UNDER_WAY - await self._pictures.on_their_way()
        for each in await self._pictures.wanted(room) if room > 0 else ():
            now_ms = unix_ms(self._clock())
            await self._pictures.asked(each.id, now_ms=now_ms)  # before: a courier may be quicker than we are
            host, named = f"pictures of {host_of(each.url)}", {"id": str(each.id)}
            try:
                await self._queue.put(JOB, f"{each.id}.{now_ms}", named, host=host, now_ms=now_ms, what="picture")
            except Overloaded:
                await self._pictures.not_asked(each.id, now_ms=now_ms)
                raise

    async def make(self) -> bool:
        """Makes the next one anew; whether there was one. Raises :class:`Overloaded`."""
        found = await self._pictures.next()
        if found is None:
            return False
        try:
            await self._make(found)
        except BadInput as error:
            self._log.info("distant-picture-unread", reason=error.detail)
            await self._pictures.failed(found.id, now_ms=unix_ms(self._clock()))
        return True

    async def _make(self, found: FetchedPicture) -> None:
        made = await self._media.adopt(f"actor {found.actor}", found.actor, found.body)
        made = msgspec.structs.replace(made, post=found.post, position=found.position, alt=found.alt)
        if found.open:
            await self._media.show([made])
        await self._pictures.made(found, made, now_ms=unix_ms(self._clock()))

    async def _drop(self, job: Job) -> None:
        """All of a server: files first. Again does no harm."""
        while True:
            ids, made = await self._pictures.held(job.key, DROPPED_AT_ONCE)
            if not ids:
                return
            await self._media.forget(made)
            await self._pictures.hold(ids, now_ms=unix_ms(self._clock()))
