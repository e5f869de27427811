"""The REST API's addresses about posts: writing, changing and deleting them, and what readers do with them."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.social import schema
from stentor.house.social.service import PostDesk, parse_id
from stentor.house.social.viewers import Viewers
from stentor.social.model import Consented
from stentor.store.posts import Gesture

_Request = Request[Any, Any, Any]


def handlers(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""

    @post("/posts", summary="Post something, now or at a time", status_code=201)
    async def write(
        request: _Request, data: JSONBody[schema.NewPost]
    ) -> Response[schema.PostView] | Response[schema.ScheduledView]:
        account = await viewers.account(request)
        if data.at_ms is not None:
            return Response(await desk.schedule(account, data, data.at_ms), status_code=202)
        key = request.headers.get("idempotency-key", "")
        return Response(await desk.write(account, data, key=key), status_code=201)

    @get("/posts/{post:str}", summary="A post")
    async def look(request: _Request, post: FromPath[str]) -> schema.PostView:
        return await desk.view(parse_id(post), await viewers.viewer(request))

    @patch("/posts/{post:str}", summary="Change one's own post")
    async def change(request: _Request, post: FromPath[str], data: JSONBody[schema.PostChange]) -> schema.PostView:
        return await desk.change(await viewers.account(request), parse_id(post), data)

    @delete("/posts/{post:str}", status_code=204, summary="Delete one's own post for good")
    async def remove(request: _Request, post: FromPath[str]) -> None:
        await desk.remove(parse_id(post), await viewers.me(request))

    @get("/posts/{post:str}/history", summary="What a post said before it was changed")
    async def history(request: _Request, post: FromPath[str]) -> schema.Versions:
        return await desk.history(parse_id(post), await viewers.viewer(request))

    @get("/posts/{post:str}/thread", summary="What a post answers, and what answers it")
    async def thread(request: _Request, post: FromPath[str]) -> schema.Thread:
        return await desk.thread(parse_id(post), await viewers.viewer(request))

    others = [*_gestures(desk, viewers), *_boosts(desk, viewers), *_answers(desk, viewers)]
    return [write, look, change, remove, history, thread, *others]


def _gestures(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    """What is there or is not: likes, bookmarks, pins. Doing one again changes nothing."""

    async def mark(request: _Request, post: str, gesture: Gesture, *, on: bool) -> schema.PostView:
        desk.touch(await viewers.account(request))
        me = await viewers.me(request)
        await desk.table.mark(gesture, me, parse_id(post), on=on, now_ms=desk.now_ms)
        return await desk.view(parse_id(post), me)

    @put("/posts/{post:str}/like", status_code=200, summary="Like a post")
    async def like(request: _Request, post: FromPath[str]) -> schema.PostView:
        return await mark(request, post, Gesture.LIKE, on=True)

    @delete("/posts/{post:str}/like", status_code=200, summary="Like it no more")
    async def unlike(request: _Request, post: FromPath[str]) -> schema.PostView:
        return await mark(request, post, Gesture.LIKE, on=False)

    @put("/posts/{post:str}/bookmark", status_code=200, summary="Keep a post for oneself")
    async def bookmark(request: _Request, post: FromPath[str]) -> schema.PostView:
        return await mark(request, post, Gesture.BOOKMARK, on=True)

    @delete("/posts/{post:str}/bookmark", status_code=200, summary="Keep it no more")
    async def unbookmark(request: _Request, post: FromPath[str]) -> schema.PostView:
        return await mark(request, post, Gesture.BOOKMARK, on=False)

    @put("/posts/{post:str}/pin", status_code=200, summary="Pin one's own post to one's page")
    async def pin(request: _Request, post: FromPath[str]) -> schema.PostView:
        return await mark(request, post, Gesture.PIN, on=True)

    @delete("/posts/{post:str}/pin", status_code=200, summary="Pin it no more")
    async def unpin(request: _Request, post: FromPath[str]) -> schema.PostView:
        return await mark(request, post, Gesture.PIN, on=False)

    return [like, unlike, bookmark, unbookmark, pin, unpin]


def _boosts(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    @put("/posts/{post:str}/boost", status_code=200, summary="Carry a post on to one's followers")
    async def boost(request: _Request, post: FromPath[str]) -> schema.PostView:
        desk.touch(await viewers.account(request))
        return await desk.boost(await viewers.me(request), parse_id(post))

    @delete("/posts/{post:str}/boost", status_code=200, summary="Take it back")
    async def unboost(request: _Request, post: FromPath[str]) -> schema.PostView:
        me = await viewers.me(request)
        await desk.table.unboost(me, parse_id(post), now_ms=desk.now_ms)
        return await desk.view(parse_id(post), me)

    return [boost, unboost]


def _answers(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    """Votes, and whether one agrees to be quoted."""

    @post("/posts/{post:str}/votes", status_code=201, summary="Vote once in a post's poll")
    async def vote(request: _Request, post: FromPath[str], data: JSONBody[schema.Choice]) -> schema.PostView:
        desk.touch(await viewers.account(request))
        me = await viewers.me(request)
        await desk.table.vote(me, parse_id(post), data.answers, now_ms=desk.now_ms)
        return await desk.view(parse_id(post), me)

    @put("/posts/{post:str}/consent", status_code=204, summary="Agree that this post quotes one's own, or do not")
    async def consent(request: _Request, post: FromPath[str], data: JSONBody[schema.Consent]) -> None:
        me = await viewers.me(request)
        await desk.table.consent(me, parse_id(post), Consented(data.state), now_ms=desk.now_ms)

    return [vote, consent]
