"""Does the looks at shows that were ordered, and tells the edges of a show when one of its spaces has changed."""

from __future__ import annotations

import asyncio

from stentor.base import log
from stentor.base.errors import NotFound, Overloaded
from stentor.bus.connection import heed_cancel
from stentor.house.shows.service import ShowDesk
from stentor.house.spaces.pictures import SeatPictures
from stentor.house.spaces.service import Spaces
from stentor.spaces import front
from stentor.spaces.model import Space
from stentor.store.jobs import Job

SETTLE_S = 0.5
"""Several changes at once are written once."""
RETRY_S = 2.0
MOST_MARKS = 500
"""Spaces of which is known what was told last; others are told again without need."""


class ShowKeeper:
    """``run`` is a task of the role, ``plan`` does its jobs."""

    def __init__(self, spaces: Spaces) -> None:
        self._desk = ShowDesk(spaces, SeatPictures(spaces))
        self.work = spaces.store.work
        self._untold: set[str] = set()
        self._changed = asyncio.Event()
        self._marks: dict[str, tuple[object, ...]] = {}
        self._log = log.get("house")
        spaces.readers.append(self.changed)

    async def plan(self, job: Job) -> None:
        """Looks at a show, as a job says."""
        await self._desk.plan(job)

    def changed(self, space: Space) -> None:
        """This house has changed a space; most changes are none of what is told of a show."""
        if not space.show:
            return
        mark = front.mark(space)
        if self._marks.pop(space.id, None) != mark:
            self._untold.add(space.show)
            self._changed.set()
        self._marks[space.id] = mark
        if len(self._marks) > MOST_MARKS:
            self._marks.pop(next(iter(self._marks)))

    async def run(self) -> None:
        """For ever."""
        while True:
            heed_cancel()
            await self._changed.wait()
            await asyncio.sleep(SETTLE_S)
            self._changed.clear()
            untold, self._untold = self._untold, set()
            for show in sorted(untold):
                await self._tell(show)

    async def _tell(self, show: str) -> None:
        try:
            await self._desk.tell(await self._desk.table.load(show))
        except NotFound:
            return
        except Overloaded as error:
            self._log.warning("show-not-told", show=show, detail=error.detail)
            await asyncio.sleep(RETRY_S)
            self._untold.add(show)
            self._changed.set()
