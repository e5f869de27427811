"""The REST API's addresses of editions. The files themselves are the edges'."""

from __future__ import annotations

from collections import Counter
from typing import Any

from litestar import Request, get, post
from litestar.handlers.http_handlers.base import HTTPRouteHandler
from litestar.params import FromPath

from stentor.house.editions import schema
from stentor.house.editions.service import Editions
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c
from stentor.spaces import rights
from stentor.spaces.model import Space
from stentor.spaces.rights import Look
from stentor.wire.edits import EditList

_Request = Request[Any, Any, Any]
_CHOOSE = c.TrimReplay(0, None)
"""Who may say what is heard of a recording may have its cut made again."""


def handlers(spaces: Spaces, callers: Callers, editions: Editions) -> list[HTTPRouteHandler]:
    """The handlers, which share the service."""

    async def view(space: Space) -> schema.EditionView:
        order, found = await editions.found(space)
        signed = found is not None and await editions.signed(space)
        return schema.EditionView(
            space=space.id,
            state=order.state if order else None,
            done=order.done if order else 0.0,
            problem=order.problem if order else "",
            cut=cut_view(found, signed=signed) if found else None,
        )

    @get("/spaces/{space:str}/edition", summary="How far the listener cut of a recording is, and what it left out")
    async def edition(request: _Request, space: FromPath[str]) -> schema.EditionView:
        found = await spaces.load(space)
        rights.require(await callers.actor(request, space), Look.BACKSTAGE, found)
        return await view(found)

    @post("/spaces/{space:str}/edition", status_code=200, summary="Make the listener cut of a recording again")
    async def again(request: _Request, space: FromPath[str]) -> schema.EditionView:
        found = await spaces.load(space)
        rights.require(await callers.actor(request, space), _CHOOSE, found)
        await editions.order_again(found)
        return await view(found)

    return [edition, again]


def cut_view(edits: EditList, *, signed: bool) -> schema.CutView:
    """As the API shows it."""
    left_out: Counter[Any] = Counter()
    for each in edits.left_out:
        left_out[each.why] += each.to_ms - each.from_ms
    return schema.CutView(
        length_ms=edits.length_ms,
        cut_ms=edits.cut_ms,
        left_out_ms=dict(left_out),
        joins=len(edits.kept),
        size_bytes=sum(piece.size for piece in edits.pieces),
        loudness=edits.loudness,
        signed=signed,
        made_ms=edits.made_ms,
        processor_s=edits.processor_s,
    )
