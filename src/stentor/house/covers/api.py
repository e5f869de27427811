"""The REST API's addresses about the cover of a space."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, patch, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.house.covers import schema
from stentor.house.covers.service import MOST_BYTES, CoverDesk
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers

_Request = Request[Any, Any, Any]


def handlers(desk: CoverDesk, callers: Callers, views: Views) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""

    @put("/spaces/{space:str}/cover", request_max_body_size=MOST_BYTES, status_code=200, summary="Give a space a cover")
    async def give(request: _Request, space: FromPath[str], words: FromQuery[str] = "") -> SpaceView:
        actor = await callers.actor(request, space)
        found = await desk.require(space, actor)
        return await views.space(await desk.set(found, await request.body(), words, actor), actor)

    @patch("/spaces/{space:str}/cover", summary="Say what is to be seen on it")
    async def describe(request: _Request, space: FromPath[str], data: JSONBody[schema.CoverWords]) -> SpaceView:
        actor = await callers.actor(request, space)
        found = await desk.require(space, actor)
        return await views.space(await desk.describe(found, data.words, actor), actor)

    @delete("/spaces/{space:str}/cover", status_code=200, summary="Take it away")
    async def drop(request: _Request, space: FromPath[str]) -> SpaceView:
        actor = await callers.actor(request, space)
        found = await desk.require(space, actor)
        return await views.space(await desk.remove(found, actor), actor)

    return [give, describe, drop]
