"""Makes the salts of evidence and destroys them: a space's when its numbers are kept, a day's when it is over.

Every house does it alike. Who finds one that nobody needs any more drops it, also one that a house left which died.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Final

from stentor.base.clock import Clock
from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus
from stentor.bus.documents import Gone
from stentor.bus.salts import BYTES, Salt, Salts, of_day, of_space
from stentor.evidence.plays import DAY_MS

LATE_MS: Final = 600_000
"""Edges' clocks may be behind: so long after its end a day's salt is kept."""


class SaltKeeper:
    """``follow`` is a task of the role."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._salts, self._clock = Salts(bus), clock
        self._known: dict[str, Salt] = {}

    async def follow(self) -> None:
        """Keeps which there are; for ever."""
        async for salt in self._salts.watch():
            if isinstance(salt, Gone):
                self._known.pop(salt.key, None)
            else:
                self._known[salt.name] = salt

    async def make(self, openings: Mapping[str, int]) -> None:
        """Those of spaces, by when their doors opened, and of today and tomorrow, where there are none."""
        today = round(self._clock() * 1000) // DAY_MS
        wanted = {of_space(space): opened_ms for space, opened_ms in openings.items()}
        wanted |= {of_day(day): day for day in (today, today + 1)}
        for name, version in wanted.items():
            known = self._known.get(name)
            if known is None or known.version < version:
                await self._put(Salt(name, version, secrets.token_bytes(BYTES)))

    async def tend(self, needed: Collection[str]) -> None:
        """Destroys those of spaces that are not ``needed`` and of days that are over; says the others again, since the
        bus keeps them in memory only."""
        day = (round(self._clock() * 1000) - LATE_MS) // DAY_MS
        spaces = {of_space(space) for space in needed}
        for name, salt in list(self._known.items()):
            if salt.version >= day if name.startswith("day.") else name in spaces:
                await self._put(salt)
                continue
            try:
                await self._salts.drop(name)
            except Overloaded:
                return  # soon again
            self._known.pop(name, None)

    async def _put(self, salt: Salt) -> None:
        try:
            await self._salts.put(salt)
        except Overloaded:
            return  # soon again
