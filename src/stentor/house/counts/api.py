"""The API of the numbers."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers.http_handlers.base import HTTPRouteHandler
from litestar.params import FromPath

from stentor.evidence import faults
from stentor.evidence.counts import METHODS, Counts
from stentor.evidence.course import Course
from stentor.evidence.load import Portion
from stentor.evidence.told import lines
from stentor.evidence.verdict import NightVerdict
from stentor.house.counts import api_attack, schema
from stentor.house.counts.service import AudienceCounts
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.spaces import rights
from stentor.spaces.rights import Look

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, counts: AudienceCounts) -> list[HTTPRouteHandler]:
    """The handlers, which share the service."""

    @get("/spaces/{space:str}/counts", summary="How many listened, waited and were refused, each with method and error")
    async def numbers(request: _Request, space: FromPath[str]) -> schema.CountsView:
        found = await spaces.load(space)
        rights.require(await callers.actor(request, space), Look.BACKSTAGE, found)
        told = await counts.of(found.id)
        return view(found.id, told, await counts.whole_course(found.id) if told else None)

    @get(
        "/spaces/{space:str}/verdict", summary="What it is so far: a crowd, an attack, a fault of one's own, or nothing"
    )
    async def verdict(request: _Request, space: FromPath[str]) -> schema.VerdictView:
        found = await spaces.load(space)
        rights.require(await callers.actor(request, space), Look.BACKSTAGE, found)
        return verdict_view(found.id, await counts.verdicts.of(found.id), await counts.of(found.id))

    return [numbers, verdict, *api_attack.handlers(callers, counts.attack_file)]


def verdict_view(space: str, verdict: NightVerdict | None, counts: Counts | None) -> schema.VerdictView:
    """As the API shows it; without one of them nothing was counted, and nobody knows."""
    if verdict is None or counts is None:
        return schema.VerdictView(space)
    first = verdict.loads[0] if verdict.loads else None
    accused = next((load for load in verdict.loads if load.resource is verdict.by), None)
    fault = next((each for each, said in faults.SAID.items() if said == verdict.reason), None)
    return schema.VerdictView(
        space=verdict.space,
        finding=verdict.finding,
        accuses=verdict.accuses,
        fault=fault,
        resource=first.resource if first else None,
        full_seconds=first.full_seconds if first else 0,
        used=_portion(first.used if first else None),
        audience=_portion(first.audience if first else None),
        hostile=_portion(accused.hostile if accused else None),
        hearing=round(counts.hearing.value),
        cover=verdict.cover,
        turned_away=verdict.turned_away,
        lines=list(lines(verdict)),
        rows=verdict.rows,
        edges=verdict.edges,
        since_ms=verdict.since_ms,
        until_ms=verdict.until_ms,
    )


def _portion(share: Portion | None) -> schema.PortionView | None:
    return schema.PortionView(share.value, share.low, share.high) if share else None


def view(space: str, counts: Counts | None, course: Course | None) -> schema.CountsView:
    """As the API shows them; without any figure before anything was counted."""
    if counts is None:
        return schema.CountsView(space)
    return schema.CountsView(
        space=counts.space,
        since_ms=counts.since_ms,
        until_ms=counts.until_ms,
        rows=counts.rows,
        edges=counts.edges,
        figures={name: schema.FigureView(**msgspec.structs.asdict(getattr(counts, name))) for name in METHODS},
        curve=schema.CurveView(course.since_s * 1000, course.step_s, course.peaks) if course else schema.CurveView(),
    )
