"""The REST API's addresses by which a space goes on air and off it, and its hold music."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import BadInput
from stentor.house.spaces import schema, upload_schema
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.uploads.hold import MAX_FILE_BYTES, HoldMaker
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c
from stentor.spaces import rights, rules

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, views: Views, hold: HoldMaker) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    async def command(request: _Request, space: str, wish: c.Command) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await spaces.change(space, wish, actor), actor)

    @post("/spaces/{space:str}/doors", status_code=200, summary="Open the doors: music for those who come early")
    async def doors(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.OpenDoors())

    @delete("/spaces/{space:str}/doors", status_code=200, summary="Close the doors again, while nobody has come")
    async def close_doors(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.CloseDoors())

    @post("/spaces/{space:str}/live", status_code=200, summary="Go live; opens the doors too")
    async def live(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.GoLive())

    @post("/spaces/{space:str}/end", status_code=200, summary="End it for everybody")
    async def end(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.End())

    @post("/spaces/{space:str}/cancel", status_code=200, summary="Call a space off, before its doors open")
    async def cancel(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.Cancel())

    @put("/spaces/{space:str}/rung", summary="Keep the ladder on a rung, or let it climb by itself")
    async def rung(request: _Request, space: FromPath[str], data: JSONBody[schema.RungChoice]) -> schema.SpaceView:
        return await command(request, space, c.PinRung(data.rung))

    @put("/spaces/{space:str}/hold", request_max_body_size=MAX_FILE_BYTES, summary="Own hold music (any sound file)")
    async def set_hold(request: _Request, space: FromPath[str]) -> upload_schema.Taken:
        actor = await callers.actor(request, space)
        found = await spaces.load(space)
        probe = c.SetHold("any-other")
        rights.require(actor, probe, found)
        rules.decide(found, probe, spaces.clock())  # refuses before 50 MB are read
        data = await request.body()
        if not data:
            raise BadInput("Send the sound file as the body.", reason="damaged")
        key, left_out = await hold.make(found.id, data)
        return upload_schema.taken(await command(request, space, c.SetHold(key)), left_out)

    @delete("/spaces/{space:str}/hold", status_code=200, summary="Back to the house's own hold music")
    async def reset_hold(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.SetHold("default"))

    return [doors, close_doors, live, end, cancel, rung, set_hold, reset_hold]
