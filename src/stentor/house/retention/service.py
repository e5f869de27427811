"""Finds what was kept for its time, says what would go, and lets it go.

Doing it again does no harm: what is gone is noted in the record of the space, and a house that dies in the middle
leaves the rest to the next walk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.units import counted
from stentor.house.removals.service import Removals
from stentor.house.spaces.service import Spaces
from stentor.spaces import commands as c
from stentor.spaces import retention, rights, sounds
from stentor.spaces.model import OVER, Keep, Space
from stentor.spaces.retention import DAY_MS, GOES, DataCategory
from stentor.store.retention import Place

PAGE: Final = 200
"""Spaces that are read at once."""


class Due(msgspec.Struct, frozen=True):
    """A part of a space whose time is over: ``count`` comments, events or files; files have ``size_bytes``."""

    space: Space
    part: DataCategory
    since_ms: int
    count: int
    size_bytes: int = 0


class Retention:
    """``rules`` gives how long the site keeps things now."""

    def __init__(self, spaces: Spaces, removals: Removals, rules: Callable[[], Keep]) -> None:
        self._spaces, self._removals, self._rules = spaces, removals, rules
        self._table = spaces.store.retention

    @property
    def site(self) -> Keep:
        return self._rules()

    async def walk(self, *, pause_s: float = 0.0) -> AsyncIterator[tuple[Space, list[DataCategory]]]:
        """Every space that is over with what is due of it; spaces of which nothing is are left out.

        They are read a page at a time, with a pause after each: all of 100,000 cost 7 s of a processor. Raises
        :class:`Overloaded`.
        """
        now_ms = unix_ms(self._spaces.clock())
        for state in sorted(OVER):
            place, more = Place(), True
            while more:
                found = await self._table.over(state, place, before_ms=now_ms - DAY_MS + 1, limit=PAGE)
                more = len(found) == PAGE
                await asyncio.sleep(pause_s)
                for space in found:
                    place = Place(space.when_ms, space.id)
                    parts = retention.due(space, self.site, now_ms)
                    if parts:
                        yield space, parts

    async def preview(self, most: int) -> tuple[list[Due], bool]:
        """What would go now, ``most`` at most, and whether there is more; nothing is changed."""
        found: list[Due] = []
        async for space, parts in self.walk():
            for part in parts:
                if len(found) == most:
                    return found, True
                found.append(await self._due(space, part))
        return found, False

    async def let_go(self, space: Space, part: DataCategory) -> int:
        """Removes a part for good and notes it in the record; how many things went. Raises :class:`Overloaded`."""
        since_ms = retention.until_ms(space, part, self.site) or 0
        days, who = round((since_ms - space.when_ms) / DAY_MS), retention.whose(space, part, self.site)
        match part:
            case DataCategory.RECORDING:
                await self._removals.remove(space.id, 0, None, who=who, reason=f"kept for {counted(days, 'day')}")
                return 1
            case DataCategory.COMMENTS:
                count = await self._table.forget_written(space.id)
            case DataCategory.EVENTS | DataCategory.PEOPLE:
                count = await self._table.forget_events(space.id, GOES[part])
            case DataCategory.SOUNDS:
                files = await self._files(space)
                for key, _ in files:
                    await self._spaces.objects.delete(key)
                count = len(files)
        await self._spaces.change(space.id, c.NoteRemoval(part, count, days, who), rights.HOUSE)
        return count

    async def _due(self, space: Space, part: DataCategory) -> Due:
        since_ms = retention.until_ms(space, part, self.site) or 0
        match part:
            case DataCategory.COMMENTS:
                return Due(space, part, since_ms, await self._table.written(space.id))
            case DataCategory.EVENTS | DataCategory.PEOPLE:
                return Due(space, part, since_ms, await self._table.happened(space.id, GOES[part]))
            case DataCategory.RECORDING:
                return Due(space, part, since_ms, 1, await self._table.recorded_bytes(space.id))
            case DataCategory.SOUNDS:
                files = await self._files(space)
                return Due(space, part, since_ms, len(files), sum(size for _, size in files))

    async def _files(self, space: Space) -> list[tuple[str, int]]:
        """The objects of a space's own sounds, with their bytes."""
        found = await self._spaces.objects.list(sounds.key(space.id, ""))
        for name in await self._table.holds(space.id):
            size = await self._spaces.objects.size(f"hold/{name}") if name.startswith(f"{space.id}-") else None
            found += [(f"hold/{name}", size)] if size is not None else []
        return found
