"""Leads the crowd of every space on air: looks at what the edges measured, and orders how wide the door is and the rung
of the ladder.

Orders travel by the bus and need no database; each step is written into the space's record when the database takes it.
One house does it at a time; another takes over from the orders where they stand.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import CallerError, Overloaded
from stentor.bus.board import Board
from stentor.bus.connection import Bus, heed_cancel
from stentor.bus.crowd import Crowd
from stentor.bus.documents import Gone
from stentor.bus.lease import Lease
from stentor.bus.status import Status, Statuses
from stentor.crowd import admission, ladder, waiting
from stentor.crowd.admission import EdgesSeen, Width
from stentor.crowd.door import CLASSES
from stentor.crowd.ladder import Ladder, Load
from stentor.crowd.orders import Orders
from stentor.house.spaces.service import Spaces
from stentor.spaces import commands as c
from stentor.spaces.model import Space

LOOK_S = 0.5
MOST_UNTOLD = 100
"""Steps of a space that wait for the database: ten climbs up and down; the oldest are lost beyond."""


class Controller:
    """``follow``, ``listen``, ``run`` and the lease are tasks of the role. ``holder`` names this house."""

    def __init__(self, spaces: Spaces, bus: Bus, statuses: Statuses, clock: Clock, *, holder: str) -> None:
        self._spaces, self._bus, self._statuses, self._clock = spaces, bus, statuses, clock
        self._crowd = Crowd(bus)
        self.lease = Lease(bus, "crowd", holder=holder)
        self._known: dict[str, Space] = {}
        self._orders: dict[str, Orders] = {}
        self._ladders: dict[str, Ladder] = {}
        self._widths: dict[str, Width] = {}
        self._untold: dict[str, deque[c.Command]] = {}
        self._log = log.get("house")

    @property
    def on_air(self) -> int:
        """How many spaces are."""
        return len(self._known)

    async def follow(self) -> None:
        """Keeps the spaces that are on air; for ever."""
        async for space in Board(self._bus).watch():
            if isinstance(space, Gone) or not space.on_air:
                over = space.key if isinstance(space, Gone) else space.id
                for table in (self._known, self._orders, self._ladders, self._widths, self._untold):
                    table.pop(over, None)
            else:
                self._known[space.id] = space

    async def listen(self) -> None:
        """Keeps the orders as they stand, another house's too; for ever."""
        async for orders in self._crowd.watch():
            if isinstance(orders, Gone):
                self._orders.pop(orders.key, None)
                continue
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
                self._widths.clear()
                continue
            edges = self._statuses.fresh(self._clock(), "edge")
            inside = places(edges)
            for space in list(self._known.values()):
                await self._look(space, edges, inside, loop.time())
                await self._tell(space.id)

    async def _look(self, space: Space, edges: list[Status], inside: EdgesSeen, now: float) -> None:
        orders = self._orders.get(space.id, Orders(space.id))
        now_ms = unix_ms(self._clock())
        rung_before = self._ladders.get(space.id, Ladder(orders.rung))
        rung = ladder.step(rung_before, loads(edges, space.id), now, pinned=space.pinned_rung)
        before = self._widths.get(space.id, width_of(orders))
        seen = inside if before.p >= 1.0 else self._outside(space.id, before.p, edges, inside, now)
        width = admission.look(before, seen, now, now_ms=now_ms, held=space.limited)
        wanted = ordered(orders, space, rung, width, seen)
        if wanted != orders:
            wanted = msgspec.structs.replace(wanted, version=orders.version + 1, at_ms=now_ms)
            try:
                await self._crowd.put(wanted)
            except Overloaded:
                return  # the next look decides anew
        self._orders[space.id], self._ladders[space.id], self._widths[space.id] = wanted, rung, width
        untold = self._untold.setdefault(space.id, deque(maxlen=MOST_UNTOLD))
        if wanted.rung != orders.rung:
            self._log.info("rung-changed", space=space.id, rung=rung.rung, cause=rung.cause.value)
            untold.append(c.ClimbRung(rung.rung, rung.cause, round(rung.value, 3)))
        if wanted.p != orders.p:
            self._log.info("door-moved", space=space.id, p=wanted.p, listeners=seen.listeners, places=seen.capacity)
            untold.append(c.MoveDoor(wanted.p, seen.listeners, seen.capacity, wanted.waiting))

    def _outside(self, space: str, p: float, edges: list[Status], inside: EdgesSeen, now: float) -> EdgesSeen:
        """What is seen with those who wait: only a narrow door asks for them."""
        widths = {each: one.p for each, one in self._orders.items()} | {space: p}
        others = [width for each, width in self._widths.items() if each != space]
        return msgspec.structs.replace(
            inside,
            waiting=outside(edges, space, p),
            all_waiting=sum(outside(edges, each, width) for each, width in widths.items()),
            promised=admission.coming(others, now),
        )

    async def _tell(self, space: str) -> None:
        untold = self._untold.get(space)
        while untold:
            try:
                await self._spaces.observe(space, untold[0])
            except Overloaded:
                return  # the database is away: the step stays
            except CallerError:
                pass  # the space has just ended
            untold.popleft()


def ordered(orders: Orders, space: Space, rung: Ladder, width: Width, seen: EdgesSeen) -> Orders:
    """The orders as they are to be; the same as before when nothing has changed that matters."""
    narrow = width.p < 1.0
    return msgspec.structs.replace(
        orders,
        rung=rung.rung,
        p=width.p,
        epoch=width.epoch,
        narrow_ms=width.narrow_ms,
        passes=space.passes if space.limited else tuple(sorted(CLASSES)),
        held=space.limited,
        retry_s=width.retry_s,
        waiting=two_digits(seen.waiting) if narrow else 0,
        pace=float(f"{width.pace:.2g}") if narrow else 0.0,
    )


def width_of(orders: Orders) -> Width:
    """The width that another house has ordered."""
    return Width(orders.p, orders.epoch, orders.narrow_ms, retry_s=orders.retry_s, pace=orders.pace)


def places(edges: Sequence[Status]) -> EdgesSeen:
    """What all edges say together of their places."""
    return EdgesSeen(
        capacity=round(sum(edge.numbers.get("places", 0) for edge in edges)),
        listeners=sum(seen.listeners for edge in edges for seen in edge.spaces.values()),
        edges=len(edges),
    )


def outside(edges: Iterable[Status], space: str, p: float) -> int:
    """How many devices wait at a space's door."""
    return waiting.estimate((edge.spaces[space].places for edge in edges if space in edge.spaces), p)


def two_digits(number: int) -> int:
    """An estimate is told as one, and does not change with every head."""
    return round(float(f"{number:.2g}"))


def loads(edges: Iterable[Status], space: str) -> list[Load]:
    """What the edges with listeners of ``space`` measured; one that nobody listens to cannot be relieved."""
    return [
        Load.of(edge.numbers) for edge in edges if (seen := edge.spaces.get(space)) is not None and seen.listeners > 0
    ]
