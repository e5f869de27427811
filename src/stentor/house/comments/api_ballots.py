"""The REST API's addresses about polls and the audience's questions. The audience reads and votes at the edges."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.units import made_id
from stentor.house.comments.ballot_schema import BallotsView, NewPoll
from stentor.house.comments.ballots import BallotBox, new_poll, number
from stentor.house.who.callers import Callers

_Request = Request[Any, Any, Any]


def handlers(box: BallotBox, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the box."""
    who = callers.actor

    @get("/spaces/{space:str}/ballots", summary="Polls, and the questions of the audience with their votes")
    async def all_of_them(request: _Request, space: FromPath[str]) -> BallotsView:
        return await box.view(space, await who(request, space))

    @post("/spaces/{space:str}/polls", summary="Ask the audience")
    async def ask(request: _Request, space: FromPath[str], data: JSONBody[NewPoll]) -> BallotsView:
        wish = new_poll(data.question, data.answers, live=data.live)
        return await box.open(space, wish, await who(request, space))

    @post("/spaces/{space:str}/polls/{poll:str}/close", status_code=200, summary="Count, and take no more answers")
    async def close(request: _Request, space: FromPath[str], poll: FromPath[str]) -> BallotsView:
        return await box.close(space, made_id(poll), await who(request, space))

    @post("/spaces/{space:str}/questions/{question:str}/take", status_code=200, summary="Answer a question now")
    async def take(request: _Request, space: FromPath[str], question: FromPath[str]) -> BallotsView:
        return await box.take(space, number(question), await who(request, space))

    @post("/spaces/{space:str}/questions/{question:str}/finish", status_code=200, summary="The question was answered")
    async def finish(request: _Request, space: FromPath[str], question: FromPath[str]) -> BallotsView:
        return await box.finish(space, number(question), await who(request, space))

    return [all_of_them, ask, close, take, finish]
