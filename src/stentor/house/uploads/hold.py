"""A host's own hold music: any sound file becomes a seamless loop on the grid, encoded once for every rendition."""

from __future__ import annotations

import asyncio
import hashlib

from stentor.audio import hold
from stentor.audio.file import LeftOut
from stentor.audio.pcm import Samples
from stentor.house.uploads.readers import Readers
from stentor.store.objects import Objects

MAX_FILE_BYTES = 50 * 1024 * 1024
USED_S = 64.0
"""A loop of 61.44 s and what is crossfaded into its beginning."""


class HoldMaker:
    """Makes hold loops, one at a time: each takes a few seconds of a processor."""

    def __init__(self, objects: Objects, readers: Readers) -> None:
        self._objects, self._readers = objects, readers
        self._turn = asyncio.Semaphore(1)

    async def make(self, space: str, data: bytes) -> tuple[str, tuple[LeftOut, ...]]:
        """Stores the loop made of a sound file; returns its key for ``SetHold``, and what of the file is not in it.

        The key holds a hash of the file, so a loop that is in use never changes. Raises :class:`BadInput` for what
        is not sound or too short.
        """
        key = f"{space}-{hashlib.sha256(data).hexdigest()[:12]}"
        heard = await self._readers.sound(space, data, USED_S, whole=False)
        async with self._turn:
            loop = await asyncio.to_thread(_build, heard.samples, key)
        await self._objects.put(f"hold/{key}", loop)
        return key, heard.left_out


def _build(samples: Samples, label: str) -> bytes:
    return hold.encode(hold.build(hold.fit_loop(samples), label))
