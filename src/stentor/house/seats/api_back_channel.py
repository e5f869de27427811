"""The REST API's addresses about the hosts' back channel."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.seats import schema
from stentor.house.seats.back_channel import BackChannels
from stentor.house.who.callers import Callers

_Request = Request[Any, Any, Any]


def handlers(back_channels: BackChannels, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the back channel."""

    @get("/spaces/{space:str}/backstage", summary="What hosts and co-hosts wrote to each other")
    async def read(request: _Request, space: FromPath[str]) -> schema.Backstage:
        return await back_channels.read(space, await callers.actor(request, space))

    @post("/spaces/{space:str}/backstage", summary="Write to the hosts and co-hosts")
    async def say(
        request: _Request, space: FromPath[str], data: JSONBody[schema.NewBackstageMessage]
    ) -> schema.Backstage:
        return await back_channels.say(space, data.text, await callers.actor(request, space))

    return [read, say]
