"""Inboxes: one for all people here, and one for each. Whoever sends is a server and no person."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, post
from litestar.params import FromPath

from stentor.fediverse.reading import MOST_BYTES
from stentor.house.federation.service import FederationDesk
from stentor.house.social.service import parse_id

_Request = Request[Any, Any, Any]


def routes(desk: FederationDesk) -> list[Router]:
    """``/inbox`` for all people here, and one for each; none where the site is part of no fediverse."""

    async def take(request: _Request) -> Response[None]:
        target = request.scope["raw_path"].decode("latin-1") + (f"?{request.url.query}" if request.url.query else "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        await desk.inbox.take(target, headers, await request.body())
        return Response(None, status_code=202)

    @post("/", include_in_schema=False)
    async def shared(request: _Request) -> Response[None]:
        return await take(request)

    @post("/{number:str}", include_in_schema=False)
    async def own(request: _Request, number: FromPath[str]) -> Response[None]:
        parse_id(number)
        return await take(request)

    return [Router("/inbox", route_handlers=[shared, own], request_max_body_size=MOST_BYTES)] if desk.on else []
