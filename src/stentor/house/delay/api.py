"""The API of the broadcast delay: how long it is, and the key that dumps what nobody has heard yet."""

from __future__ import annotations

from typing import Any

from litestar import Request, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import Conflict
from stentor.house.delay import schema
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.spaces import rights
from stentor.spaces.delay import DumpSound, SetDelay

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, views: Views) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    @put("/spaces/{space:str}/delay", summary="Let the audience hear the stage some seconds later; before the doors")
    async def choose(request: _Request, space: FromPath[str], data: JSONBody[schema.DelayChoice]) -> SpaceView:
        actor = await callers.actor(request, space)
        if data.seconds and not views.keeps_delay():
            raise Conflict(
                "A process of an older version is still running, and would let out what is said at once; "
                "finish the upgrade first.",
                code="older-version",
            )
        return await views.space(await spaces.change(space, SetDelay(data.seconds), actor), actor)

    @post("/spaces/{space:str}/dump", status_code=200, summary="Throw away what the audience has not heard yet")
    async def dump(request: _Request, space: FromPath[str], data: JSONBody[schema.DumpChoice]) -> SpaceView:
        actor = await callers.actor(request, space)
        wish = DumpSound(data.seconds, rights.whose(actor, await spaces.load(space)))
        return await views.space(await spaces.change(space, wish, actor), actor)

    return [choose, dump]
