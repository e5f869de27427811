"""The REST API's address of what the pages of the stage show."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from stentor.house.seats.event_stream import EventStreams
from stentor.house.seats.requests import RequestQueue
from stentor.house.seats.schema import RequestList
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.spaces import rights
from stentor.spaces.rights import Look

NEWS = {"backstage": Look.BACK_CHANNEL, "comments": Look.COMMENTS}
"""Who hears of which news."""
AT_ONCE = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Proxies must pass every event on at once."""


def handlers(
    spaces: Spaces, callers: Callers, views: Views, line: RequestQueue, streams: EventStreams
) -> list[HTTPRouteHandler]:
    """The handler, under its name and the one of the version before."""

    async def follow(request: Request[Any, Any, Any], space: FromPath[str]) -> Stream:
        found = await spaces.load(space)
        actor = await callers.actor(request, space)
        rights.require(actor, Look.BACKSTAGE, found)
        kinds = [kind for kind, look in NEWS.items() if rights.allowed(actor, look, found)]

        async def show() -> tuple[SpaceView, RequestList | None]:
            now, waiting = await line.look(found.id)
            rights.require(actor, Look.BACKSTAGE, now)
            view = await views.space(now, actor)
            return view, waiting if rights.allowed(actor, Look.REQUESTS, now) else None

        return Stream(streams.follow(found.id, kinds, show), media_type="text/event-stream", headers=AT_ONCE)

    kind = "text/event-stream"
    return [
        get("/spaces/{space:str}/stream", media_type=kind, summary="What the stage's page shows, as events")(follow),
        get("/spaces/{space:str}/talk", media_type=kind, summary="The same, for pages of the version before")(follow),
    ]
