"""The REST API's addresses about other servers: for administrators alone."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.fediverse.policies import MOST_BYTES
from stentor.house.federation import policy_schema as schema
from stentor.house.federation.policies import PolicyDesk, policy
from stentor.house.who.callers import Callers
from stentor.people import rights
from stentor.people.model import Account

_Request = Request[Any, Any, Any]
BODY = 2 * MOST_BYTES
"""JSON writes some characters of a list in two."""


def handlers(desk: PolicyDesk, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""

    async def admin(request: _Request) -> Account | None:
        by = await callers.staff(request)
        rights.require_admin(by)
        return by

    @get("/site/servers", summary="What is set for other servers of the fediverse")
    async def all_of_them(request: _Request) -> schema.ServerPolicies:
        await admin(request)
        return schema.ServerPolicies([schema.row(each) for each in await desk.all()])

    @put("/site/servers/{domain:str}", summary="Limit or block a server, or take no pictures from there")
    async def put_one(
        request: _Request, domain: FromPath[str], data: JSONBody[schema.NewServerPolicy]
    ) -> schema.ServerRow:
        by = await admin(request)
        wish = policy(domain, data.severity, no_media=data.no_media, no_reports=data.no_reports, comment=data.comment)
        return schema.row(await desk.put(wish, by))

    @delete("/site/servers/{domain:str}", status_code=204, summary="Take it back: all is as with any other server")
    async def lift(request: _Request, domain: FromPath[str]) -> None:
        await admin(request)
        await desk.lift(domain)

    @post("/site/server-lists/preview", status_code=200, request_max_body_size=BODY, summary="What a list would do")
    async def preview(request: _Request, data: JSONBody[schema.ServerList]) -> schema.ServerListView:
        await admin(request)
        return schema.preview(await desk.preview(data.text))

    @post("/site/server-lists", status_code=200, request_max_body_size=BODY, summary="Take a list over, or some of it")
    async def take(request: _Request, data: JSONBody[schema.ServerList]) -> schema.ServerListView:
        by = await admin(request)
        return schema.preview(await desk.take(data.text, data.only, by))

    @get("/site/server-lists", media_type="text/csv", summary="All of it as a list to pass around (CSV)")
    async def written(request: _Request) -> Response[str]:
        await admin(request)
        name = 'attachment; filename="servers.csv"'
        return Response(await desk.written(), media_type="text/csv", headers={"content-disposition": name})

    return [all_of_them, put_one, lift, preview, take, written]
