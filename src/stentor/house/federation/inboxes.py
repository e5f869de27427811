"""Inboxes: one for all people here, and one for each; and what is for some servers only. Whoever asks is no person."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from stentor.fediverse.things import MOST_BYTES
from stentor.fediverse.writing import TYPE
from stentor.house.federation.private import CACHE
from stentor.house.federation.service import FederationDesk
from stentor.house.social.service import parse_id

_Request = Request[Any, Any, Any]


def routes(desk: FederationDesk) -> list[Router]:
    """``/inbox`` for all people here, and one for each, and posts that are no files; none where the site is part of no
    fediverse."""

    async def take(request: _Request) -> Response[None]:
        await desk.inbox.take(*_asked(request), await request.body())
        return Response(None, status_code=202)

    @post("/", include_in_schema=False)
    async def shared(request: _Request) -> Response[None]:
        return await take(request)

    @post("/{number:str}", include_in_schema=False)
    async def own(request: _Request, number: FromPath[str]) -> Response[None]:
        parse_id(number)
        return await take(request)

    @get("/posts/{number:str}", include_in_schema=False)
    async def note(request: _Request, number: FromPath[str]) -> Response[bytes]:
        found = await desk.private.read(parse_id(number), *_asked(request))
        return Response(found, media_type=TYPE, headers={"Cache-Control": CACHE})

    return [Router("/inbox", route_handlers=[shared, own, note], request_max_body_size=MOST_BYTES)] if desk.on else []


def _asked(request: _Request) -> tuple[str, dict[str, str]]:
    """What a signature covers: path and query as they came, and the header fields."""
    query = f"?{request.url.query}" if request.url.query else ""
    target = request.scope["raw_path"].decode("latin-1") + query
    return target, {name.lower(): value for name, value in request.headers.items()}
