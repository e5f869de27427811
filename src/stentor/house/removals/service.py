"""Removals: decided in the record of the space, then carried out wherever something is stored or kept.

The job that carries one out is ordered in the transaction that decides it (``store.removals``), so a house that dies in
the middle leaves nothing half done.
"""

from __future__ import annotations

import asyncio

from stentor.base import log
from stentor.base.errors import Overloaded
from stentor.bus.withdrawals import Withdrawals
from stentor.house.editions.service import Editions
from stentor.house.spaces.service import Spaces
from stentor.spaces import commands as c
from stentor.spaces import rights, withdrawal
from stentor.spaces.model import Space
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals as stored
from stentor.store.jobs import Job
from stentor.store.objects import Objects


class Removals:
    """``copies`` are further places that keep the list of what was removed."""

    def __init__(self, spaces: Spaces, editions: Editions, *, copies: tuple[Objects, ...] = ()) -> None:
        self._spaces, self._objects, self._copies = spaces, spaces.objects, copies
        self._bus, self._editions = Withdrawals(spaces.bus), editions
        self._turn = asyncio.Lock()
        """One at a time: two that rewrite one list would lose a line."""
        self._log = log.get("house")

    async def remove(self, space: str, from_ms: int, to_ms: int | None, *, who: str, reason: str) -> Space:
        """Removes a part of a recording, or all of it (0 to None), in the name of the house.

        ``who`` is whose wish it is. Returns when it is decided, and a job will carry it out. Raises :class:`Conflict`
        while the recording is not complete, :class:`NotFound`, :class:`BadInput`.
        """
        return await self._spaces.change(space, c.RemoveRecording(from_ms, to_ms, who, reason), rights.HOUSE)

    async def erase(self, job: Job) -> None:
        """Carries out what the record of a space says; doing it again does no harm. Raises :class:`Overloaded`."""
        async with self._turn:
            space = await self._spaces.load(job.key)
            wanted = withdrawal.of(space)
            for place in self._copies:
                await stored.withdraw(place, wanted)
            found = await stored.withdraw(self._objects, wanted)
            await self._tell(found)
            erased = await stored.erase(self._objects, found)
            if erased is not found:
                await self._tell(erased)
        if found.whole:
            await self._spaces.store.removals.unlist(space.id)
        else:
            await self._editions.order(space)
        if found.gone:
            await self._spaces.store.removals.forget_people(space.id)

    async def _tell(self, found: Withdrawal) -> None:
        """The bus makes it quicker; without it edges read the list in the object store."""
        try:
            await self._bus.put(found)
        except Overloaded as error:
            self._log.warning("removal-not-told", space=found.space, detail=error.detail)
