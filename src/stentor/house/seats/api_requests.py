"""The REST API's addresses about requests to speak: ``own`` for the person who asks, the rest for hosts."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base.errors import NotSignedIn
from stentor.base.units import SeatId, seat_id
from stentor.house.seats import schema
from stentor.house.seats.requests import RequestQueue
from stentor.house.spaces.schema import InvitedRole
from stentor.house.spaces.service import Spaces
from stentor.house.who.access import bearer
from stentor.house.who.callers import Callers, address_of
from stentor.house.who.newcomers import Newcomers
from stentor.spaces import commands as c
from stentor.spaces import rights
from stentor.spaces.model import Role
from stentor.spaces.rights import Look

_Request = Request[Any, Any, Any]


def handlers(line: RequestQueue, callers: Callers, spaces: Spaces, newcomers: Newcomers) -> list[HTTPRouteHandler]:
    """The handlers, which share the line."""

    async def own(request: _Request, space: str) -> tuple[SeatId, str]:
        """The request's id and token; raises :class:`NotSignedIn` without a token of a request."""
        actor = await callers.actor(request, space)
        if not actor.seat:
            raise NotSignedIn("This needs the token of a request.")
        return SeatId(actor.seat), bearer(request.headers["authorization"])

    @post("/spaces/{space:str}/requests", summary="Ask to speak; with an earlier request's token: ask again")
    async def ask(request: _Request, space: FromPath[str], data: JSONBody[schema.NewRequest]) -> schema.RequestView:
        earlier = (await callers.actor(request, space)).seat
        account = await callers.person(request)
        if account:
            newcomers.spend(account, spaces.clock())
        return await line.ask(
            space,
            data.name,
            earlier=earlier,
            address=address_of(request),
            account=account.id if account else "",
            device=callers.device(request),
        )

    @get("/spaces/{space:str}/requests/own", summary="What has become of one's request")
    async def look(request: _Request, space: FromPath[str]) -> schema.RequestView:
        return await line.own(space, *await own(request, space))

    @delete("/spaces/{space:str}/requests/own", status_code=200, summary="Withdraw one's request")
    async def withdraw(request: _Request, space: FromPath[str]) -> schema.RequestView:
        seat, token = await own(request, space)
        await line.drop(space, seat)
        return await line.own(space, seat, token)

    @get("/spaces/{space:str}/requests", summary="Who asks to speak, the next one first")
    async def waiting(request: _Request, space: FromPath[str]) -> schema.RequestList:
        rights.require(await callers.actor(request, space), Look.REQUESTS, await spaces.load(space))
        return await line.waiting(space)

    @post("/spaces/{space:str}/requests/{seat:str}/accept", status_code=200, summary="Give a seat to who asks")
    async def accept(
        request: _Request,
        space: FromPath[str],
        seat: FromPath[str],
        instead: FromQuery[str] = "",
        role: FromQuery[InvitedRole] = "speaker",
    ) -> schema.RequestList:
        actor, given = await callers.actor(request, space), Role(role)
        rights.require(actor, c.GiveSeat(seat_id(seat), "", given), await spaces.load(space))
        return await line.accept(space, seat_id(seat), actor, instead=seat_id(instead) if instead else None, role=given)

    @delete("/spaces/{space:str}/requests/{seat:str}", status_code=200, summary="Decline a request")
    async def decline(request: _Request, space: FromPath[str], seat: FromPath[str]) -> schema.RequestList:
        rights.require(await callers.actor(request, space), Look.REQUESTS, await spaces.load(space))
        await line.drop(space, seat_id(seat))
        return await line.waiting(space)

    return [ask, look, withdraw, waiting, accept, decline]
