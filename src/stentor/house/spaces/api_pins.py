"""The REST API's addresses about pins and the rundown."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Request, delete, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base import units
from stentor.house.spaces import schema
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c
from stentor.spaces.model import RundownItem

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, views: Views) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    @post("/spaces/{space:str}/pins", summary="Pin a note or a link for everybody")
    async def pin(request: _Request, space: FromPath[str], data: JSONBody[schema.NewPin]) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        wish = c.PinNote(secrets.token_hex(4), data.text, data.url)
        return await views.space(await spaces.change(space, wish, actor), actor)

    @delete("/spaces/{space:str}/pins/{pin:str}", status_code=200, summary="Take a pinned note down")
    async def unpin(request: _Request, space: FromPath[str], pin: FromPath[str]) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await spaces.change(space, c.Unpin(units.made_id(pin)), actor), actor)

    @put("/spaces/{space:str}/rundown", summary="Set what the talk goes through, all of it")
    async def plan(request: _Request, space: FromPath[str], data: JSONBody[schema.NewRundown]) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        items = tuple(RundownItem(each.id or secrets.token_hex(4), each.title, each.minutes) for each in data.items)
        return await views.space(await spaces.change(space, c.SetRundown(items), actor), actor)

    @post("/spaces/{space:str}/rundown/{item:str}", status_code=200, summary="Begin an item of the rundown")
    async def begin(request: _Request, space: FromPath[str], item: FromPath[str]) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await spaces.change(space, c.BeginItem(units.made_id(item)), actor), actor)

    return [pin, unpin, plan, begin]
