"""The REST API's addresses about guests' comments: writing one, and answering what is held."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.units import made_id
from stentor.house.comments import schema
from stentor.house.comments.api import number
from stentor.house.comments.guests import GuestComments
from stentor.house.who.callers import Callers, address_of

_Request = Request[Any, Any, Any]


def handlers(guests: GuestComments, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the comments."""
    who = callers.actor

    @post("/spaces/{space:str}/guest-comments", summary="Write a comment without an account")
    async def write(
        request: _Request, space: FromPath[str], data: JSONBody[schema.NewGuestComment]
    ) -> schema.GuestCommentView:
        return await guests.write(space, data, address=address_of(request))

    @get("/spaces/{space:str}/guest-comments", summary="What guests wrote and waits, and who is trusted or shut out")
    async def moderation(request: _Request, space: FromPath[str]) -> schema.GuestModeration:
        return await guests.moderation(space, await who(request, space))

    @delete("/spaces/{space:str}/guest-comments", status_code=200, summary="Refuse all that waits")
    async def refuse_held(request: _Request, space: FromPath[str]) -> schema.GuestModeration:
        return await guests.refuse_held(space, await who(request, space))

    @put("/spaces/{space:str}/guest-comments/{comment:str}", summary="Approve a guest's comment, or judge its writer")
    async def judge(
        request: _Request, space: FromPath[str], comment: FromPath[str], data: JSONBody[schema.Judgement]
    ) -> schema.GuestModeration:
        return await guests.judge(space, number(comment), data.verdict, await who(request, space))

    @delete(
        "/spaces/{space:str}/guest-comments/{comment:str}",
        status_code=200,
        summary="Refuse or remove a guest's comment",
    )
    async def remove(request: _Request, space: FromPath[str], comment: FromPath[str]) -> schema.GuestModeration:
        return await guests.remove(space, number(comment), await who(request, space))

    @delete("/spaces/{space:str}/guests/{guest:str}", status_code=200, summary="Hold a guest's comments again")
    async def forget(request: _Request, space: FromPath[str], guest: FromPath[str]) -> schema.GuestModeration:
        return await guests.forget(space, made_id(guest), await who(request, space))

    return [write, moderation, refuse_held, judge, remove, forget]
