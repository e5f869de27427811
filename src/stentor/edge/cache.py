"""Objects that many ask for, in this edge's memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from stentor.store.objects import Objects

CACHE_BYTES = 64 * 1024 * 1024


class Cache:
    """Objects by key, the least recently used dropped above ``limit`` bytes. Each is fetched once at a time."""

    def __init__(self, objects: Objects, limit: int = CACHE_BYTES) -> None:
        self._objects = objects
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._flights: dict[str, asyncio.Task[bytes]] = {}

    async def get(self, key: str, *, keep: bool = True) -> bytes:
        """The object; raises :class:`NotFound` or Overloaded."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._fetch(key, keep), name=f"object {key}")
        # shielded: the one who asked first may go, the others still wait for it
        return await asyncio.shield(flight)

    def forget(self, prefix: str) -> None:
        """Drops everything whose key begins so; what is on its way is not kept either."""
        for key in [key for key in self._kept if key.startswith(prefix)]:
            self._size -= len(self._kept.pop(key))
        for key in [key for key in self._flights if key.startswith(prefix)]:
            del self._flights[key]

    async def _fetch(self, key: str, keep: bool) -> bytes:
        flight = asyncio.current_task()
        try:
            data = await self._objects.get(key)
        finally:
            wanted = self._flights.get(key) is flight
            if wanted:
                del self._flights[key]
        if keep and wanted:
            self._kept[key] = data
            self._size += len(data)
            while self._size > self._limit:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)
        return data
