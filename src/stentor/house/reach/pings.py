"""Has a hub of WebSub told when something of a feed has changed, once edges serve it as it is now."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import NotFound, Overloaded
from stentor.bus.connection import heed_cancel
from stentor.bus.jobs import JobQueue
from stentor.crowd import pace
from stentor.house.pace.budget import ArrivalBudget
from stentor.house.spaces.service import Spaces
from stentor.spaces import front, hooks
from stentor.spaces.model import ON_AIR, Space, State
from stentor.store.front import FrontTable
from stentor.store.jobs import Job, Jobs, Wanted
from stentor.wire import websub

TELL: Final = "tell-hub"
"""The kind of the house's own job, by space."""
AFTER_MS: Final = 15_000
"""Edges read what a house writes every 2 s, keep a feed for 5, caches for 5 more: a hub that came sooner would get the
feed as it was, and give that to everybody."""
MOST_MARKS: Final = 2000
MOST_UNTOLD: Final = 1000
RETRY_S: Final = 2.0
FILES: Final = ("podcast.xml", "podcast.json")
CALLS: Final = ON_AIR | {State.REPLAY}
"""What a feed says of these makes people come."""


class FeedPings:
    """``run`` is a task of the role. Without a hub in the settings nothing is ordered."""

    def __init__(self, spaces: Spaces, settings: Settings, budget: ArrivalBudget) -> None:
        self._budget = budget
        self._spaces, self._hub, self._site = spaces, settings.websub_hub, settings.audience_address
        self._queue, self._jobs = JobQueue(spaces.bus), Jobs(spaces.store.work, only=TELL)
        self._people = FrontTable(spaces.store.work)
        self._marks: OrderedDict[str, tuple[tuple[object, ...], bool]] = OrderedDict()
        self._untold: dict[str, None] = {}
        self._changed = asyncio.Event()
        self._log = log.get("house")
        if self._hub:
            spaces.readers.append(self.changed)

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {TELL: self.tell}

    def changed(self, space: Space) -> None:
        """This house has changed a space; most changes are none of what feeds tell."""
        shown = front.may_be_listed(space)
        mark, before = (front.mark(space), shown), self._marks.get(space.id)
        stood = before is not None and before[1]
        if mark != before and (shown or stood) and len(self._untold) < MOST_UNTOLD:
            self._untold[space.id] = None
            self._changed.set()
        self._marks[space.id] = mark
        self._marks.move_to_end(space.id)
        if len(self._marks) > MOST_MARKS:
            self._marks.popitem(last=False)

    async def run(self) -> None:
        """Orders what is to be told; for ever."""
        while True:
            heed_cancel()
            await self._changed.wait()
            self._changed.clear()
            untold, self._untold = self._untold, {}
            try:
                await self._order(untold)
            except Overloaded as error:
                self._log.warning("hub-not-told", detail=error.detail)
                self._untold = untold | self._untold
                await asyncio.sleep(RETRY_S)
                self._changed.set()

    async def _order(self, untold: Iterable[str]) -> None:
        """One job a space; one that is ordered and not due yet tells of this change, too."""
        now_ms = unix_ms(self._spaces.clock())
        wanted = [Wanted(TELL, space) for space in untold if (await self._jobs.newest(space) or 0) <= now_ms]
        await self._jobs.add(wanted, now_ms=now_ms, after_ms=AFTER_MS)

    async def tell(self, job: Job) -> None:
        """Hands the feeds over in which a space stands or stood; raises :class:`Overloaded` to be asked again."""
        try:
            space = await self._spaces.load(job.key)
        except NotFound:
            return
        if not self._hub:
            return
        people = await self._people.people(front.hosts(space))
        calls = space.state in CALLS
        due_ms = await self._budget.moment(pace.HUB_PEOPLE) if calls else 0
        homes = ["", *([f"/shows/{space.show}"] if space.show else []), *(each.page for each in people.values())]
        for number, topic in enumerate(f"{self._site}{home}/{file}" for home in homes for file in FILES):
            await self._queue.put(
                websub.JOB,
                f"{job.id}.{number}",
                {"topic": topic},
                host=hooks.host_of(self._hub),
                now_ms=unix_ms(self._spaces.clock()),
                due_ms=due_ms,
                subject="feeds",
                what="feed.changed",
            )
