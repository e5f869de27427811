"""Writes how much was reported and decided into an object that edges read; nobody who looks at it asks the house."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.bus.connection import heed_cancel
from stentor.people.moderation import TRANSPARENCY_KEY, MonthCounts, Transparency
from stentor.store.objects import Objects
from stentor.store.transparency import read_months
from stentor.store.work import Work

PERIOD_S: Final = 60.0


class TransparencyKeeper:
    """``run`` is a task of the role."""

    def __init__(self, work: Work, objects: Objects, clock: Clock) -> None:
        self._work, self._objects, self._clock = work, objects, clock
        self._written: list[MonthCounts] | None = None
        self._log = log.get("house")

    async def run(self) -> None:
        """For ever."""
        while True:
            heed_cancel()
            try:
                await self.write()
            except Overloaded as error:
                self._log.warning("transparency-not-written", detail=error.detail)
            await asyncio.sleep(PERIOD_S)

    async def write(self) -> None:
        """Writes the object unless it is there as it is; raises :class:`Overloaded`."""
        months = await read_months(self._work)
        if months != self._written:
            document = Transparency(unix_ms(self._clock()), months)
            await self._objects.put(TRANSPARENCY_KEY, msgspec.json.encode(document))
            self._written = months
