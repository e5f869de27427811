"""The REST API's addresses about the fediverse."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.federation import api_policies, schema
from stentor.house.federation.service import FederationDesk
from stentor.house.social.service import PostDesk, parse_id
from stentor.house.social.viewers import Viewers
from stentor.house.who.callers import Callers
from stentor.people.model import SiteRole
from stentor.store.posts import missing

_Request = Request[Any, Any, Any]


def handlers(desk: FederationDesk, posts: PostDesk, callers: Callers) -> list[HTTPRouteHandler]:
    """What people do there, and what became of it."""
    viewers = Viewers(callers, posts.actors)

    @post("/follows-elsewhere", status_code=202, summary="Follow somebody of another server, once they are found")
    async def follow(request: _Request, data: JSONBody[schema.FollowElsewhere]) -> None:
        posts.touch(await viewers.account(request))
        await desk.follow(await viewers.me(request), data.address)

    @get(
        "/posts/{post:str}/deliveries",
        summary="How far a post of one's own has come in the fediverse, for administrators anybody's",
    )
    async def report(request: _Request, post: FromPath[str]) -> schema.PostDeliveries:
        number, account = parse_id(post), await viewers.account(request)
        found = await posts.table.read([number], await viewers.me(request))
        if not (found and found[0].mine) and account.role is not SiteRole.ADMIN:
            raise missing()
        return schema.deliveries(*await desk.report(number))

    return [follow, report, *api_policies.handlers(desk.policies, callers)]
