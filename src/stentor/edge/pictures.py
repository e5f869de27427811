"""Pictures of posts as everybody gets them: looked for each time, so that one that was taken away is gone at once, and
read once.

Thousands of servers that are told of a picture come for it within a minute: to read it for each of them, and to work
out its name for caches, takes longer than to send it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from stentor.base.clock import Clock
from stentor.base.errors import NotFound
from stentor.edge.reply import File, Reply
from stentor.social import pictures
from stentor.store.objects import Objects
from stentor.wire.http import Request

MEDIA_CACHE: Final = "public, max-age=86400, s-maxage=30"
"""A day in the browser that has it; a cache that gives it to others asks again after half a minute, for it may be gone:
within a minute it is so there, too."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""Of those that are kept: a hundred that many ask for just now. Small ones have 20 to 60 kB, large ones five times as
much."""
DATED_S: Final = 1.0
"""So old may the date of a reply be: caches count from it."""


class PostPictures:
    """Those of all posts."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects, self._clock = objects, clock
        self._kept: OrderedDict[str, tuple[File, float]] = OrderedDict()
        """With when it was dated, the one first that nobody has asked for the longest."""
        self._bytes = 0
        self._looking: dict[str, asyncio.Task[File]] = {}

    async def answer(self, name: str, request: Request) -> Reply:
        """The reply. Those who ask while it is being looked for hear the same. Raises :class:`NotFound`,
        :class:`Overloaded`, :class:`stentor.wire.http.Unsatisfiable`."""
        looking = self._looking.get(name)
        if looking is None:
            looking = self._looking[name] = asyncio.create_task(self._look(name), name=f"picture {name}")
            looking.add_done_callback(lambda _: self._looking.pop(name, None))
        return (await asyncio.shield(looking)).answer(request.headers, self._clock())

    async def _look(self, name: str) -> File:
        key, now = pictures.public(name), self._clock()
        kept, dated = self._kept.get(name, (None, 0.0))
        if kept is not None and await self._objects.size(key) != kept.size:
            self._drop(name)
            kept = None
        if kept is None:
            return self._keep(name, await self._read(key, now), now)
        return kept if now - dated < DATED_S else self._keep(name, kept.dated(now), now)

    async def _read(self, key: str, now: float) -> File:
        try:
            data = await self._objects.get(key)
        except NotFound:
            raise NotFound("There is no such picture, or it was removed.", code="no-such-picture") from None
        return File(data, pictures.TYPE, MEDIA_CACHE, now=now, X_Content_Type_Options="nosniff")

    def _keep(self, name: str, file: File, now: float) -> File:
        self._drop(name)
        self._kept[name], self._bytes = (file, now), self._bytes + file.size
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))
        return file

    def _drop(self, name: str) -> None:
        if name in self._kept:
            self._bytes -= self._kept.pop(name)[0].size
