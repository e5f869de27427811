"""Carries out what was removed: what is stored goes, everybody who keeps copies is told, and the rest can be verified.

The record of the space comes first, in the database; what is still stored of it is a list of work there: a house that
dies in the middle leaves nothing half done. One house works at a time.
"""

from __future__ import annotations

import asyncio
from typing import Final

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, Overloaded
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.lease import Lease
from stentor.bus.withdrawals import Withdrawals
from stentor.house.spaces.desk import Desk
from stentor.spaces import commands as c
from stentor.spaces import rights, withdrawal
from stentor.spaces.model import Space
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals as stored
from stentor.store.objects import Objects

LOOK_S: Final = 1.0
AT_ONCE: Final = 20
SETTLED_MS: Final = 120_000
"""So long after the end somebody may still write captions; until then what is removed is looked at again."""
AGAIN_S: Final = 10.0


class Removals:
    """``run`` and the lease are tasks of the role. ``holder`` names this house."""

    def __init__(self, desk: Desk, bus: Bus, clock: Clock, *, holder: str, copies: tuple[Objects, ...] = ()) -> None:
        self._desk, self._clock = desk, clock
        self._objects = desk.objects
        self._copies = copies
        """Further places that keep the list of what was removed."""
        self._bus = Withdrawals(bus)
        self.lease = Lease(bus, "removals", holder=holder)
        self._again: dict[str, float] = {}
        """Spaces that have just ended, or fail: when to look again (loop time)."""
        self._log = log.get("house")

    async def remove(self, space: str, from_ms: int, to_ms: int | None, *, who: str, reason: str) -> Space:
        """Removes a part of a recording, or all of it (0 to None), in the name of the house.

        ``who`` is whose wish it is. Returns when it is decided; :meth:`run` carries it out. Raises :class:`Conflict`
        while the recording is not complete, :class:`NotFound`, :class:`BadInput`.
        """
        return await self._desk.change(space, c.RemoveRecording(from_ms, to_ms, who, reason), rights.HOUSE)

    async def run(self) -> None:
        """Looks once a second; for ever."""
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            if self.lease.held:
                try:
                    await self.work()
                except Overloaded as error:
                    self._log.warning("removal-waits", detail=error.detail)

    async def work(self) -> None:
        """Carries out what waits. Raises :class:`Overloaded`; then the rest waits on."""
        now = asyncio.get_running_loop().time()
        self._again = {space: at for space, at in self._again.items() if at > now}
        for space in await self._desk.store.removals.waiting(limit=AT_ONCE + len(self._again)):
            if space.id in self._again:
                continue
            try:
                await self._carry_out(space)
            except Malformed as error:  # by hand: nobody knows what it said
                self._log.error("withdrawal-damaged", space=space.id, detail=error.detail)
                self._again[space.id] = now + AGAIN_S

    async def _carry_out(self, space: Space) -> None:
        wanted = withdrawal.of(space)
        for place in self._copies:
            await stored.withdraw(place, wanted)
        found = await stored.withdraw(self._objects, wanted)
        await self._tell(found)
        erased = await stored.erase(self._objects, found)
        if erased is not found:
            await self._tell(erased)
        if found.whole:
            await self._desk.store.removals.unlist(space.id)
        if found.gone:
            await self._desk.store.removals.forget_people(space.id)
        if unix_ms(self._clock()) < (space.ended_ms or 0) + SETTLED_MS:
            self._again[space.id] = asyncio.get_running_loop().time() + AGAIN_S
            return
        await self._desk.store.removals.erased(space.id, len(space.removals) + (space.removed is not None))
        self._log.info("removal-done", space=space.id, removals=len(space.removals))

    async def _tell(self, found: Withdrawal) -> None:
        """The bus makes it quicker; without it edges read the list in the object store."""
        try:
            await self._bus.put(found)
        except Overloaded as error:
            self._log.warning("removal-not-told", space=found.space, detail=error.detail)
