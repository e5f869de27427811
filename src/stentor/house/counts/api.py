"""The API of the numbers."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers.http_handlers.base import HTTPRouteHandler
from litestar.params import FromPath

from stentor.evidence.counts import METHODS, Counts
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
        return view(await counts.of(found.id))

    return [numbers, *api_attack.handlers(callers, counts.attack_file)]


def view(counts: Counts) -> schema.CountsView:
    """As the API shows them."""
    return schema.CountsView(
        space=counts.space,
        since_ms=counts.since_ms,
        until_ms=counts.until_ms,
        rows=counts.rows,
        edges=counts.edges,
        figures={name: schema.FigureView(**msgspec.structs.asdict(getattr(counts, name))) for name in METHODS},
    )
