"""The REST API's addresses about comments: writing them, and keeping order among them. Reading is the edges'."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import NotFound
from stentor.house.comments import schema
from stentor.house.comments.service import Comments
from stentor.house.who.callers import Callers

LONGEST_NUMBER = 9
_Request = Request[Any, Any, Any]


def handlers(comments: Comments, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the comments."""
    who = callers.actor

    @post("/spaces/{space:str}/comments", summary="Write a comment")
    async def write(request: _Request, space: FromPath[str], data: JSONBody[schema.NewComment]) -> schema.CommentView:
        comments.require_room(space)
        account = await callers.signed_in(request)
        return await comments.write(space, data.text, account, callers.acting(account), question=data.question)

    @get("/spaces/{space:str}/comments", summary="The newest comments, and who is shut out of them")
    async def moderation(request: _Request, space: FromPath[str]) -> schema.Moderation:
        return await comments.moderation(space, await who(request, space))

    @get("/spaces/{space:str}/comments/own", summary="Whether one may comment now, and one's own comments")
    async def own(request: _Request, space: FromPath[str]) -> schema.OwnComments:
        return await comments.own(space, await callers.signed_in(request))

    @delete("/spaces/{space:str}/comments/{comment:str}", status_code=204, summary="Remove a comment")
    async def remove(request: _Request, space: FromPath[str], comment: FromPath[str]) -> None:
        await comments.remove(space, number(comment), await who(request, space))

    @put("/spaces/{space:str}/silenced/{handle:str}", summary="Shut somebody out of the comments; theirs go")
    async def silence(request: _Request, space: FromPath[str], handle: FromPath[str]) -> schema.Moderation:
        return await comments.silence(space, handle, await who(request, space))

    @delete("/spaces/{space:str}/silenced/{handle:str}", status_code=200, summary="Let somebody comment again")
    async def lift(request: _Request, space: FromPath[str], handle: FromPath[str]) -> schema.Moderation:
        return await comments.lift(space, handle, await who(request, space))

    return [write, moderation, own, remove, silence, lift]


def number(text: str) -> int:
    """A comment's number in an address; raises :class:`NotFound` for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise NotFound("There is no such comment; it may have been removed.", code="comment-not-found")
    return int(text)
