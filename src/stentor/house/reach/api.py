"""The API of what brings people to a space."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.crowd import pace
from stentor.house.counts.service import AudienceCounts
from stentor.house.pace.budget import ArrivalBudget
from stentor.house.reach.schema import ReachView, WayView
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.spaces import rights
from stentor.spaces.rights import Look
from stentor.store.reach import Reached, ReachTable
from stentor.store.reminders import RemindersTable

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, counts: AudienceCounts, budget: ArrivalBudget) -> list[HTTPRouteHandler]:
    """The handlers."""
    waiting, reach = RemindersTable(spaces.store.work), ReachTable(spaces.store.work)

    @get("/spaces/{space:str}/reach", summary="How many wait to be told, by which way, and how many came of it")
    async def look(request: _Request, space: FromPath[str]) -> ReachView:
        found = await spaces.load(space)
        rights.require(await callers.actor(request, space), Look.BACKSTAGE, found)
        wait, sent, told = await waiting.counted(found.id), await reach.of(found.id), await counts.of(found.id)
        came, on = told.ways if told else {}, await reach.measured()
        names = sorted({*(way.value for way in wait), *sent, *came})
        rate, people, per_s = pace.response(*on), sum(wait.values()), budget.per_s()
        by_name = {way.value: many for way, many in wait.items()}
        return ReachView(
            space=found.id,
            ways={name: _view(by_name.get(name, 0), sent.get(name), came.get(name)) for name in names},
            rate=round(rate, 4),
            measured_on=on[0],
            expected=round(people * rate),
            arrivals_per_s=round(per_s, 1),
            needed_s=round(pace.needed_s(people, per_s, rate), 1),
        )

    return [look]


def _view(waiting: int, sent: Reached | None, came: int | None) -> WayView:
    sent = sent or Reached()
    return WayView(waiting, sent.sent, sent.told, came if came is not None else sent.came or 0)
