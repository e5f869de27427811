"""The API of the door: the limited audience, and passes."""

from __future__ import annotations

from typing import Any

from litestar import Request, post, put
from litestar.handlers.http_handlers.base import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.door import schema
from stentor.house.door.passes import Passes
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, views: Views, passes: Passes) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    @put("/spaces/{space:str}/door", summary="Limit the audience to who is inside and some classes, or open it again")
    async def door(request: _Request, space: FromPath[str], data: JSONBody[schema.DoorChoice]) -> SpaceView:
        actor = await callers.actor(request, space)
        wish = c.LimitAudience(tuple(data.passes)) if data.limited else c.OpenAudience()
        return await views.space(await spaces.change(space, wish, actor), actor)

    @post("/spaces/{space:str}/passes", summary="A link for somebody who need not wait at the door")
    async def give_pass(request: _Request, space: FromPath[str], data: JSONBody[schema.NewPass]) -> schema.PassView:
        return await passes.issue(space, data, await callers.actor(request, space))

    return [door, give_pass]
