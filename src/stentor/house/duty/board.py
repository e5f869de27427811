"""Keeps the board to what is on: what is over leaves it, what comes near is put there. Of everything else there is a
document in the object store, which edges read when somebody asks.

One house does it at a time.
"""

from __future__ import annotations

import asyncio

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound, Overloaded
from stentor.bus.board import Board
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.crowd import Crowd
from stentor.bus.documents import Gone
from stentor.bus.lease import Lease
from stentor.house.spaces.service import Spaces
from stentor.spaces import board
from stentor.spaces.model import Space

LOOK_S = 1.0
COMPARE_S = 60.0
"""How often board and database are compared: a space comes on the board hours before it matters."""
PUBLISHED_AT_ONCE = 8
MOST_PUBLISHED = 100
"""Documents a look: the first start of this version writes those of all spaces there ever were, in the background."""


class BoardKeeper:
    """``follow``, ``run`` and the lease are tasks of the role. ``holder`` names this house."""

    def __init__(self, spaces: Spaces, bus: Bus, clock: Clock, *, holder: str) -> None:
        self._spaces, self._clock = spaces, clock
        self._board, self._crowd = Board(bus, spaces.board.words_key), Crowd(bus)
        self.lease = Lease(bus, "board", holder=holder)
        self._there: dict[str, Space] = {}
        self._over_since: dict[str, float] = {}
        """When this house saw first that a space does not belong there any more (loop time)."""
        self._log = log.get("house")

    async def follow(self) -> None:
        """Knows what stands on the board; for ever."""
        async for space in self._board.watch():
            if isinstance(space, Gone):
                self._there.pop(space.key, None)
                self._over_since.pop(space.key, None)
            else:
                self._there[space.id] = space

    async def run(self) -> None:
        """Looks once a second; for ever."""
        await self._board.read.wait()
        loop = asyncio.get_running_loop()
        compared_s = float("-inf")
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            if not self.lease.held:
                compared_s = float("-inf")
                continue
            try:
                await self._publish()
                await self._clear(loop.time())
                if loop.time() - compared_s > COMPARE_S:
                    await self._compare()
                    compared_s = loop.time()
            except Overloaded as error:
                self._log.warning("board-not-kept", detail=error.detail)

    async def _publish(self) -> None:
        """Writes documents that are missing or old."""
        waiting = list(await self._spaces.store.board.unpublished(unix_ms(self._clock()), limit=MOST_PUBLISHED))
        while waiting:
            some, waiting = waiting[:PUBLISHED_AT_ONCE], waiting[PUBLISHED_AT_ONCE:]
            await asyncio.gather(*(self._spaces.publish(space) for space in some))

    async def _clear(self, now: float) -> None:
        """Takes what does not belong there off the board, once its document can be read."""
        for space in list(self._there.values()):
            if board.stays(space, unix_ms(self._clock())):
                self._over_since.pop(space.id, None)
                continue
            since = self._over_since.setdefault(space.id, now)
            if space.state in board.DONE and now - since < board.AFTER_S:
                continue
            published = await self._spaces.store.board.published(space.id)
            if published is not None and published >= space.version:
                await self._crowd.drop(space.id)
                await self._board.drop(space.id, version=space.version)

    async def _compare(self) -> None:
        """Puts there what has come near, and what the board does not know that it is over."""
        on = await self._spaces.store.board.on(unix_ms(self._clock()))
        for space in on:
            known = self._there.get(space.id)
            if known is None or known.version < space.version:
                await self._board.put(space)
        for name in self._there.keys() - {space.id for space in on}:
            try:
                space = await self._spaces.load(name)
            except NotFound:
                continue  # another database wrote it: whose it is, nobody knows here
            await self._board.put(space, anew=False)
