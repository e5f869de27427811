"""The REST API's addresses about searching."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody

from stentor.house.searching.schema import Findable, KindWord, QueryText, SearchView
from stentor.house.searching.service import KINDS, SOME, SearchDesk
from stentor.house.social.pages import USUAL, cursor
from stentor.house.social.viewers import Viewers

_Request = Request[Any, Any, Any]


def handlers(desk: SearchDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""

    @get("/search", summary="What is found: posts, people, tags, spaces, and what was said in them")
    async def search(
        request: _Request,
        q: FromQuery[QueryText] = "",
        kind: FromQuery[KindWord | None] = None,
        before: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
        resolve: FromQuery[bool] = False,
    ) -> SearchView:
        account = await viewers.account(request)
        asked = cursor(before, None, limit if limit is not None else USUAL if kind else SOME)
        kinds = (kind,) if kind else KINDS
        me = await viewers.me(request)
        return await desk.find(account, me, q, kinds, before=asked.before, most=asked.most, resolve=resolve)

    @get("/search/own", summary="Whether everybody here may find one's public posts")
    async def own(request: _Request) -> Findable:
        return Findable(await desk.table.findable(await viewers.me(request)))

    @put("/search/own", status_code=200, summary="Say whether everybody here may find one's public posts")
    async def change(request: _Request, data: JSONBody[Findable]) -> Findable:
        await desk.table.set_findable(await viewers.me(request), data.findable)
        return data

    return [search, own, change]
