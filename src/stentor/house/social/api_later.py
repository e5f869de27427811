"""The REST API's addresses about what is written for later: drafts and scheduled posts."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.social import schema
from stentor.house.social.service import PostDesk, numbers, parse_id
from stentor.house.social.viewers import Viewers

_Request = Request[Any, Any, Any]


def handlers(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""
    later = desk.later

    async def keep(request: _Request, data: schema.NewPost, draft: int | None) -> schema.DraftView:
        me, now_ms = await viewers.me(request), desk.now_ms
        kept, body = draft if draft is not None else desk.new_id(), msgspec.json.encode(data).decode()
        media = numbers(data.media)
        await later.keep_draft(kept, me, body, media, now_ms=now_ms, new=draft is None)
        return schema.DraftView(f"{kept}", data, now_ms)

    @get("/drafts", summary="One's drafts, the newest first")
    async def drafts(request: _Request) -> schema.Drafts:
        found = await later.drafts(await viewers.me(request))
        return schema.Drafts([schema.DraftView(f"{each.id}", read(each.body), each.changed_ms) for each in found])

    @post("/drafts", status_code=201, summary="Keep a draft of a post")
    async def draft(request: _Request, data: JSONBody[schema.NewPost]) -> schema.DraftView:
        return await keep(request, data, None)

    @put("/drafts/{draft:str}", status_code=200, summary="Keep it anew")
    async def again(request: _Request, draft: FromPath[str], data: JSONBody[schema.NewPost]) -> schema.DraftView:
        return await keep(request, data, parse_id(draft))

    @delete("/drafts/{draft:str}", status_code=204, summary="Delete a draft")
    async def drop(request: _Request, draft: FromPath[str]) -> None:
        await later.drop_draft(parse_id(draft), await viewers.me(request))

    return [drafts, draft, again, drop, *_scheduled(desk, viewers)]


def _scheduled(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    @get("/scheduled-posts", summary="One's posts that wait for their time, the next first")
    async def scheduled(request: _Request) -> schema.Scheduled:
        found = await desk.later.scheduled(await viewers.me(request))
        return schema.Scheduled(
            [schema.ScheduledView(f"{each.id}", read(each.body), each.at_ms, each.trouble) for each in found]
        )

    @patch("/scheduled-posts/{scheduled:str}", status_code=204, summary="Post it at another time")
    async def move(request: _Request, scheduled: FromPath[str], data: JSONBody[schema.NewTime]) -> None:
        await desk.move(await viewers.account(request), parse_id(scheduled), data.at_ms)

    @delete("/scheduled-posts/{scheduled:str}", status_code=204, summary="Do not post it")
    async def cancel(request: _Request, scheduled: FromPath[str]) -> None:
        await desk.later.move(parse_id(scheduled), await viewers.me(request), None)

    return [scheduled, move, cancel]


def read(body: str) -> schema.NewPost:
    """A post to be made, as it was kept."""
    return msgspec.json.decode(body, type=schema.NewPost)
