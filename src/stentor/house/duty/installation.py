"""Tells edges once a second what runs besides them, and the lights of what is on air: for ``/metrics``."""

from __future__ import annotations

import asyncio

import msgspec

from stentor.base.clock import Clock
from stentor.bus import installation
from stentor.bus.board import Board
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.documents import Gone
from stentor.bus.installation import Installation
from stentor.bus.status import Statuses
from stentor.spaces.lights import NEWS_LATE_S, lights
from stentor.spaces.model import Space

EVERY_S = 1.0


class InstallationTeller:
    """``run`` is a task of the role. Several houses tell the same."""

    def __init__(self, bus: Bus, statuses: Statuses, clock: Clock) -> None:
        self._bus, self._statuses, self._clock = bus, statuses, clock
        self._on_air: dict[str, Space] = {}

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="house on air")
            while True:
                heed_cancel()
                await asyncio.sleep(EVERY_S)
                await installation.say(self._bus, self.look())

    def look(self) -> Installation:
        """As it is now."""
        now = self._clock()
        fresh, late = self._statuses.fresh(now), self._statuses.fresh(now, within_s=NEWS_LATE_S)
        shown = {
            str(space.id): {name: str(light.color.value) for name, light in msgspec.structs.asdict(found).items()}
            for space in self._on_air.values()
            for found in [lights(space, fresh, now, late)]
        }
        return Installation(installation.told(fresh), shown)

    async def _follow(self) -> None:
        async for space in Board(self._bus).watch():
            if isinstance(space, Gone):
                self._on_air.pop(space.key, None)
            elif space.on_air:
                self._on_air[space.id] = space
            else:
                self._on_air.pop(space.id, None)
