"""The REST API's addresses about the soundboard."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, patch, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base import units
from stentor.base.errors import BadInput
from stentor.house.spaces import schema, upload_schema
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.uploads.sounds import MAX_FILE_BYTES, SoundMaker
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c
from stentor.spaces import rights, rules, sounds

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, views: Views, maker: SoundMaker) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    async def command(request: _Request, space: str, wish: c.Command) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await spaces.change(space, wish, actor), actor)

    @put("/spaces/{space:str}/sounds", request_max_body_size=MAX_FILE_BYTES, summary="Put a sound file on the board")
    async def add(request: _Request, space: FromPath[str], name: FromQuery[str] = "") -> upload_schema.Taken:
        actor = await callers.actor(request, space)
        found = await spaces.load(space)
        probe = c.AddSound("any-other", name, 1)
        rights.require(actor, probe, found)
        rules.decide(found, probe, spaces.clock())  # refuses before 12 MB are read
        data = await request.body()
        if not data:
            raise BadInput("Send the sound file as the body.", reason="damaged")
        wish, left_out = await maker.make(found, name, data)
        return upload_schema.taken(await command(request, space, wish), left_out)

    @delete("/spaces/{space:str}/sounds/{sound:str}", status_code=200, summary="Take a sound off the board")
    async def drop(request: _Request, space: FromPath[str], sound: FromPath[str]) -> schema.SpaceView:
        known = sounds.find(await spaces.load(space), units.made_id(sound))
        view = await command(request, space, c.DropSound(sound))
        if known is not None:
            await maker.forget(view.id, known.id)
        return view

    @put("/spaces/{space:str}/playing", summary="Play a sound onto the stage, from its beginning")
    async def play(request: _Request, space: FromPath[str], data: JSONBody[schema.Play]) -> schema.SpaceView:
        return await command(request, space, c.PlaySound(data.sound, data.volume))

    @patch("/spaces/{space:str}/playing", summary="Make what plays louder or quieter")
    async def turn(request: _Request, space: FromPath[str], data: JSONBody[schema.Volume]) -> schema.SpaceView:
        return await command(request, space, c.TurnSound(data.volume))

    @delete("/spaces/{space:str}/playing", status_code=200, summary="Fade out what plays")
    async def stop(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.StopSound())

    return [add, drop, play, turn, stop]
