"""The hold loops of a process: fetched from the object store once, kept while a space plays them."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from stentor.audio import hold, music
from stentor.audio.hold import HoldLoop
from stentor.base import log
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.store.objects import Objects

DEFAULT = "default"
TRIES: Final = 5
TRY_S: Final = 0.5
"""A loop that is not there after 2.5 s is not waited for: the doors are open."""
KEPT: Final = 16
"""Loops kept, 7 MB each; the one not asked for longest is forgotten."""


class Music(NamedTuple):
    """A loop, and the name under which it is found."""

    name: str
    loop: HoldLoop


class HoldLoops:
    """Loops by their name (``Space.hold``)."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._loops: dict[str, HoldLoop] = {}
        self._turn = asyncio.Lock()

    async def get(self, name: str) -> Music:
        """The loop ``name``; when the store does not give it, the default one; when not even that, it is made here.

        Never raises for what the store does: music there will be.
        """
        async with self._turn:
            loop = await self._find(name)
            if loop is None:
                log.get("store").warning("hold-loop-missing", hold=name)
                name = DEFAULT
                loop = await self._find(name)
            if loop is None:
                loop = await asyncio.to_thread(music.default_loop)
            self._loops[name] = loop
            if len(self._loops) > KEPT:
                del self._loops[next(iter(self._loops))]
            return Music(name, loop)

    async def _find(self, name: str) -> HoldLoop | None:
        """Takes it out of the memory, so that the one used last stands last; or out of the store."""
        return self._loops.pop(name, None) or await self._load(name)

    async def _load(self, name: str) -> HoldLoop | None:
        for _ in range(TRIES):
            try:
                return await asyncio.to_thread(hold.decode, await self._objects.get(f"hold/{name}"))
            except Malformed:
                return None
            except (NotFound, Overloaded):
                await asyncio.sleep(TRY_S)
        return None
