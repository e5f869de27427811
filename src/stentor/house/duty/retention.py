"""Lets go what was kept for its time: a walk through all spaces that are over, a few times a day and without haste.

One house does it at a time. What it meets it leaves for the next walk.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from stentor.base import log
from stentor.base.errors import CallerError, Overloaded
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.lease import Lease
from stentor.house.retention.service import Retention

FIRST_S: Final = 60.0
"""After the lease was taken: a house that has just come up has other things to do."""
WALK_S: Final = 6 * 3600.0
PAUSE_S: Final = 0.2
"""After each removal and each page of spaces: a hundred thousand removals take a night."""
LOOK_S: Final = 1.0


class RetentionKeeper:
    """``run`` and the lease are tasks of the role. ``holder`` names this house."""

    def __init__(self, retention: Retention, bus: Bus, *, holder: str) -> None:
        self._retention = retention
        self.lease = Lease(bus, "retention", holder=holder)
        self._gone: Counter[str] = Counter()
        self._failed = 0
        self._log = log.get("house")

    def numbers(self) -> dict[str, float]:
        """For the status of this house: what it let go since it started, by part, and what it could not."""
        gone = {f"let_go_{part}": float(count) for part, count in self._gone.items()}
        return gone | ({"let_go_failed": float(self._failed)} if self._failed else {})

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        due_s = None
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            if not self.lease.held:
                due_s = None
            elif due_s is None:
                due_s = loop.time() + FIRST_S - LOOK_S
            elif loop.time() >= due_s:
                try:
                    await self.walk()
                except Overloaded as error:
                    self._log.warning("retention-interrupted", detail=error.detail)
                due_s = loop.time() + WALK_S

    async def walk(self) -> None:
        """Once through all spaces, as long as this house has the lease. Raises :class:`Overloaded`."""
        async for space, parts in self._retention.walk(pause_s=PAUSE_S):
            for part in parts:
                heed_cancel()
                if not self.lease.held:
                    return
                try:
                    count = await self._retention.let_go(space, part)
                except (CallerError, Overloaded) as error:
                    self._failed += 1
                    self._log.warning("not-let-go", space=space.id, part=part, code=error.error_code)
                else:
                    self._gone[part] += 1
                    self._log.info("let-go", space=space.id, part=part, count=count)
                await asyncio.sleep(PAUSE_S)
