"""The list of spaces that the public sees: a crowd that asks for it costs the database one look a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from stentor.spaces.model import Space
from stentor.store.spaces import Store

KEPT_S: Final = 1.0
"""How old the list may be; what this process changes shows at once."""
MOST: Final = 200
"""Older spaces are found among the recordings."""


class Newest:
    """The newest spaces, :data:`MOST` at most, the newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._spaces: Sequence[Space] = ()
        self._read_at = -KEPT_S
        self._changes = 0
        self._reading = asyncio.Lock()

    def changed(self) -> None:
        """The list is not true any more."""
        self._changes += 1
        self._read_at = -KEPT_S

    async def get(self) -> Sequence[Space]:
        """Whoever asks while the database is looking gets the same answer."""
        async with self._reading:
            now, changes = asyncio.get_running_loop().time(), self._changes
            if now - self._read_at >= KEPT_S:
                self._spaces = await self._store.list(limit=MOST)
                if changes == self._changes:
                    self._read_at = now
            return self._spaces
