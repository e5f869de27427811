"""Leads the crowd of every space on air: looks at what the edges measured, and orders the rung of the ladder.

Orders travel by the bus and need no database; each step is written into the space's record when the database takes it.
One house does it at a time; another takes over from the orders where they stand.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import CallerError, Overloaded
from stentor.bus.board import Board
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.crowd import Crowd
from stentor.bus.lease import Lease
from stentor.bus.status import Status, Statuses
from stentor.crowd import ladder
from stentor.crowd.ladder import Ladder, Load
from stentor.crowd.orders import Orders
from stentor.house.desk import Desk
from stentor.spaces import commands as c
from stentor.spaces.model import Space

LOOK_S = 0.5
MOST_UNTOLD = 100
"""Steps of a space that wait for the database: ten climbs up and down; the oldest are lost beyond."""


class Controller:
    """``follow``, ``listen``, ``run`` and the lease are tasks of the role. ``holder`` names this house."""

    def __init__(self, desk: Desk, bus: Bus, statuses: Statuses, clock: Clock, *, holder: str) -> None:
        self._desk, self._bus, self._statuses, self._clock = desk, bus, statuses, clock
        self._crowd = Crowd(bus)
        self.lease = Lease(bus, "crowd", holder=holder)
        self._spaces: dict[str, Space] = {}
        self._orders: dict[str, Orders] = {}
        self._ladders: dict[str, Ladder] = {}
        self._untold: dict[str, deque[c.ClimbRung]] = {}
        self._log = log.get("house")

    async def follow(self) -> None:
        """Keeps the spaces that are on air; for ever."""
        async for space in Board(self._bus).watch():
            if space.on_air:
                self._spaces[space.id] = space
            else:
                for table in (self._spaces, self._orders, self._ladders, self._untold):
                    table.pop(space.id, None)

    async def listen(self) -> None:
        """Keeps the orders as they stand, another house's too; for ever."""
        async for orders in self._crowd.watch():
            known = self._orders.get(orders.space)
            if known is None or orders.version > known.version:
                self._orders[orders.space] = orders

    async def run(self) -> None:
        """Looks, orders, and tells the record; for ever."""
        loop = asyncio.get_running_loop()
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            if not self.lease.held:
                self._ladders.clear()
                continue
            edges = self._statuses.fresh(self._clock(), "edge")
            for space in list(self._spaces.values()):
                await self._look(space, loads(edges, space.id), loop.time())
                await self._tell(space.id)

    async def _look(self, space: Space, measured: list[Load], now: float) -> None:
        orders = self._orders.get(space.id, Orders(space.id))
        before = self._ladders.get(space.id, Ladder(orders.rung))
        after = self._ladders[space.id] = ladder.step(before, measured, now, pinned=space.pinned_rung)
        if after.rung == orders.rung:
            return
        ordered = Orders(space.id, orders.version + 1, unix_ms(self._clock()), after.rung)
        try:
            await self._crowd.put(ordered)
        except Overloaded:
            self._ladders[space.id] = before  # the next look decides anew
            return
        self._orders[space.id] = ordered
        self._log.info("rung-changed", space=space.id, rung=after.rung, cause=after.cause.value)
        step = c.ClimbRung(after.rung, after.cause, round(after.value, 3))
        self._untold.setdefault(space.id, deque(maxlen=MOST_UNTOLD)).append(step)

    async def _tell(self, space: str) -> None:
        untold = self._untold.get(space)
        while untold:
            try:
                await self._desk.observe(space, untold[0])
            except Overloaded:
                return  # the database is away: the step stays
            except CallerError:
                pass  # the space has just ended
            untold.popleft()


def loads(edges: Iterable[Status], space: str) -> list[Load]:
    """What the edges with listeners of ``space`` measured; one that nobody listens to cannot be relieved."""
    return [
        Load.of(edge.numbers) for edge in edges if (seen := edge.spaces.get(space)) is not None and seen.listeners > 0
    ]
