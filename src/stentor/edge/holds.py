"""The hold music of a space as a file."""

from __future__ import annotations

import asyncio

from stentor.audio import hold
from stentor.audio.hold import HoldLoop
from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.base.rendition import BY_NAME
from stentor.base.static import IMMUTABLE
from stentor.edge import door
from stentor.edge.channel import Channel
from stentor.edge.reply import File, Reply
from stentor.store.objects import Objects
from stentor.wire.http import Request

HOLDS_KEPT = 20
"""Each is 0.5 MB."""


class Holds:
    """By name, rendition, and whether a cache may keep it for ever."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects, self._now = objects, clock
        self._holds: dict[tuple[str, bool, str], File] = {}
        self._log = log.get("edge")

    def kept(self, channel: Channel, request: Request) -> Reply | None:
        """For ever under ``?v=`` its own name, which ``door.json`` gives; else for minutes. None: it must be read."""
        name = channel.space.hold
        key = name, *_wanted_hold(request, name)
        if key not in self._holds and name != channel.hold_name:  # the loop of a space that is not on air is not here
            return None
        return self._file(name, channel.hold, request).answer(request.headers, self._now())

    def site(self, loop: HoldLoop, request: Request) -> Reply:
        """The site's own, of no space: what an installed app keeps for when there is no network."""
        return self._file("", loop, request).answer(request.headers, self._now())

    async def read(self, channel: Channel, request: Request) -> Reply:
        """Its own loop from the object store; while that fails, what fills in at this edge."""
        name, loop = channel.space.hold, channel.hold
        try:
            loop = await asyncio.to_thread(hold.decode, await self._objects.get(f"hold/{name}"))
        except (NotFound, Overloaded, Malformed) as error:
            self._log.warning("hold-missing", hold=name, reason=error.detail)
            name = channel.hold_name
        return self._file(name, loop, request).answer(request.headers, self._now())

    def _file(self, name: str, loop: HoldLoop, request: Request) -> File:
        versioned, rendition = _wanted_hold(request, name)
        key = name, versioned, rendition
        file = self._holds.get(key)
        if file is None:
            if len(self._holds) > HOLDS_KEPT:
                self._holds.clear()
            cache = IMMUTABLE if versioned else door.HOLD_CACHE
            file = door.hold_file(loop, cache, now=self._now(), rendition=BY_NAME[rendition])
            self._holds[key] = file
        return file


def _wanted_hold(request: Request, name: str) -> tuple[bool, str]:
    """Whether just the loop ``name`` is asked for, and in which rendition."""
    opus = request.query.get("rendition") == door.HOLD_OPUS.name
    return request.query.get("v") == name, (door.HOLD_OPUS if opus else door.HOLD_RENDITION).name
