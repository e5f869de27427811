"""A host's own hold music: any sound file becomes a seamless loop on the grid, encoded once for every rendition."""

from __future__ import annotations

import asyncio
import hashlib

from stentor.audio import hold, media
from stentor.store.objects import Objects

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_FILE_S = 600.0
"""A minute of it is used; more than ten minutes is a mistake, and 115 MB of samples."""


class HoldMaker:
    """Makes hold loops, one at a time: each takes a few seconds of a processor and some hundred megabytes."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._turn = asyncio.Semaphore(1)

    async def make(self, space: str, data: bytes) -> str:
        """Stores the loop made of a sound file and returns its key for ``SetHold``.

        The key holds a hash of the file, so a loop that is in use never changes. Raises :class:`BadInput` for what
        is not sound or too long.
        """
        key = f"{space}-{hashlib.sha256(data).hexdigest()[:12]}"
        async with self._turn:
            loop = await asyncio.to_thread(_build, data, key)
        await self._objects.put(f"hold/{key}", loop)
        return key


def _build(data: bytes, label: str) -> bytes:
    return hold.encode(hold.build(hold.fit_loop(media.read_audio(data, MAX_FILE_S)), label))
