"""Indexes what is due: a house does it while it has the lease of jobs. Two at once do no harm."""

from __future__ import annotations

import asyncio
from typing import Final

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.bus.connection import heed_cancel
from stentor.bus.lease import Lease
from stentor.house.spaces.service import Spaces
from stentor.spaces import front, withdrawal
from stentor.spaces.model import Space, State
from stentor.store import withdrawals
from stentor.store.indexing import DueRow, IndexingTable
from stentor.wire import cue as wire
from stentor.wire.cue import LINGER_S, Cue

LOOK_S: Final = 0.5
"""A post is found so long after it was written."""
PAUSE_S: Final = 0.02
"""Between two parts of a long line: others write meanwhile."""
WIDEN_S: Final = 30.0
SPACES_AT_ONCE: Final = 5
SETTLE_MS: Final = int((LINGER_S + 30) * 1000)
"""So long after its end a transcript is whole for certain."""


class SearchKeeper:
    """``run`` is a task of the role; ``lease`` is the one of jobs."""

    def __init__(self, spaces: Spaces, lease: Lease, clock: Clock) -> None:
        self._spaces, self._lease, self._clock = spaces, lease, clock
        self._table = IndexingTable(spaces.store.work)
        self._log = log.get("house")

    async def run(self) -> None:
        """For ever."""
        loop, widened_s = asyncio.get_running_loop(), float("-inf")
        while True:
            heed_cancel()
            busy = False
            if self._lease.held:
                try:
                    busy = await self.work()
                    if loop.time() - widened_s > WIDEN_S:
                        await self._table.widen(unix_ms(self._clock()))
                        widened_s = loop.time()
                except Overloaded as error:
                    self._log.warning("not-indexed", detail=error.detail)
            await asyncio.sleep(PAUSE_S if busy else LOOK_S)

    async def work(self) -> bool:
        """Some of what is due; whether there was any. Raises :class:`Overloaded`."""
        now_ms = unix_ms(self._clock())
        done = await self._table.index_some(now_ms)
        for due in (spaces := await self._table.due_spaces(now_ms, SPACES_AT_ONCE)):
            await self._index(due, now_ms)
        return bool(done or spaces)

    async def _index(self, due: DueRow, now_ms: int) -> None:
        try:
            space = await self._spaces.load(due.id)
        except NotFound:
            await self._table.index_space(due, None, ())
            return
        if not front.may_be_listed(space):
            await self._table.index_space(due, None, ())
            return
        whole_ms = (space.ended_ms or 0) + SETTLE_MS
        over = space.state is State.REPLAY and space.recorded
        if over and whole_ms > now_ms:
            await self._table.index_space(due, space, None)
            await self._table.order_space(space.id, due_ms=whole_ms)
            return
        await self._table.index_space(due, space, await self._cues(space) if over else ())

    async def _cues(self, space: Space) -> list[Cue]:
        """What is left of the transcript; nothing without one."""
        try:
            found = wire.decode_transcript(await self._spaces.objects.get(wire.object_key(space.id)))
        except (NotFound, Malformed):
            return []
        if found.doors_open_ms != space.doors_open_ms:
            return []
        cues = withdrawal.words(found.cues, withdrawal.of(space))
        removed = await withdrawals.read(self._spaces.objects, space.id)
        return withdrawal.words(cues, removed) if removed is not None else cues
