"""The REST API's addresses to delete what was heard, and to choose what of it is shown."""

from __future__ import annotations

from typing import Any

from litestar import Request, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.editions.service import Editions
from stentor.house.removals import schema
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c
from stentor.spaces import rights

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, views: Views, editions: Editions) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    async def command(request: _Request, space: str, wish: c.Command) -> SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await spaces.change(space, wish, actor), actor)

    async def whose(request: _Request, space: str) -> str:
        return rights.whose(await callers.actor(request, space), await spaces.load(space))

    @post("/spaces/{space:str}/removals", status_code=200, summary="Delete a recording, or a part of it, for good")
    async def remove(request: _Request, space: FromPath[str], data: JSONBody[schema.NewRemoval]) -> SpaceView:
        wish = c.RemoveRecording(data.from_ms, data.to_ms, await whose(request, space), data.reason)
        return await command(request, space, wish)

    @post("/spaces/{space:str}/remove", status_code=200, summary="Delete a space that is over, for good")
    async def remove_all(request: _Request, space: FromPath[str], data: JSONBody[schema.Why]) -> SpaceView:
        return await command(request, space, c.RemoveSpace(await whose(request, space), data.reason))

    @put("/spaces/{space:str}/trim", summary="Choose what the replay shows; nothing is deleted")
    async def trim(request: _Request, space: FromPath[str], data: JSONBody[schema.Shown]) -> SpaceView:
        actor = await callers.actor(request, space)
        trimmed = await spaces.change(space, c.TrimReplay(data.from_ms, data.to_ms), actor)
        await editions.order(trimmed)
        return await views.space(trimmed, actor)

    @put("/spaces/{space:str}/listed", summary="Choose whether the space stands in lists")
    async def listed(request: _Request, space: FromPath[str], data: JSONBody[schema.Listing]) -> SpaceView:
        return await command(request, space, c.SetListed(data.listed))

    return [remove, remove_all, trim, listed]
