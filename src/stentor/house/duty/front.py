"""Writes what the front page is made of, when something of it has changed: edges read it from the object store.

Each house writes after what it changed itself, and looks once a minute whether another one has changed something.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.bus.connection import heed_cancel
from stentor.house.spaces.service import Spaces
from stentor.spaces import front
from stentor.spaces.front import Front
from stentor.spaces.model import Space
from stentor.store.front import FrontTable

SETTLE_S = 0.5
"""Several changes at once are written once."""
COMPARE_S = 60.0
RETRY_S = 2.0
MOST_MARKS = 2000
"""Spaces of which is known what was told last."""


class FrontKeeper:
    """``run`` is a task of the role."""

    def __init__(self, spaces: Spaces, clock: Clock) -> None:
        self._spaces, self._clock = spaces, clock
        self._table = FrontTable(spaces.store.work)
        self._marks: OrderedDict[str, tuple[object, ...]] = OrderedDict()
        self._changed = asyncio.Event()
        self._written = b""
        self._log = log.get("house")
        spaces.readers.append(self.changed)
        spaces.of_people.append(self._changed.set)

    def changed(self, space: Space) -> None:
        """This house has changed a space; most changes are none of what is told."""
        mark = front.mark(space)
        if self._marks.get(space.id) != mark:
            self._changed.set()
        self._marks[space.id] = mark
        self._marks.move_to_end(space.id)
        if len(self._marks) > MOST_MARKS:
            self._marks.popitem(last=False)

    async def run(self) -> None:
        """For ever."""
        while True:
            heed_cancel()
            try:
                await self.write()
            except Overloaded as error:
                self._log.warning("front-not-written", detail=error.detail)
                await asyncio.sleep(RETRY_S)
                continue
            try:
                async with asyncio.timeout(COMPARE_S):
                    await self._changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(SETTLE_S)

    async def write(self) -> None:
        """Writes the document unless it is there as it is; raises :class:`Overloaded`."""
        self._changed.clear()
        found = await self._table.spaces(unix_ms(self._clock()))
        shown = [front.slim(space) for space in found if space.listed and space.removed is None]
        people = await self._table.people({account for space in shown for account in front.with_page(space)})
        document = msgspec.json.encode(Front(shown, people))
        if document != self._written:
            await self._spaces.objects.put(front.KEY, document)
            self._written = document
