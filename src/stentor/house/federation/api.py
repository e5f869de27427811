"""The REST API's addresses about the fediverse."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.federation import schema
from stentor.house.federation.service import FederationDesk
from stentor.house.social.service import PostDesk, parse_id
from stentor.house.social.viewers import Viewers
from stentor.house.who.callers import Callers
from stentor.store.posts import missing

_Request = Request[Any, Any, Any]


def handlers(desk: FederationDesk, posts: PostDesk, callers: Callers) -> list[HTTPRouteHandler]:
    """What people do there, and what became of it."""
    viewers = Viewers(callers, posts.actors)

    @post("/follows-elsewhere", status_code=202, summary="Follow somebody of another server, once they are found")
    async def follow(request: _Request, data: JSONBody[schema.FollowElsewhere]) -> None:
        posts.touch(await viewers.account(request))
        await desk.follow(await viewers.me(request), data.address)

    @get("/posts/{post:str}/deliveries", summary="How far a post of one's own has come in the fediverse")
    async def report(request: _Request, post: FromPath[str]) -> schema.PostDeliveries:
        found = await posts.table.one(parse_id(post), await viewers.me(request))
        if not found.mine:
            raise missing()
        return schema.deliveries(*await desk.report(found.post.id))

    return [follow, report]
