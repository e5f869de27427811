"""The REST API's addresses about seats and bans."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import BadInput, NotAllowed, NotFound
from stentor.base.units import SeatId, seat_id
from stentor.house.accounts.people import People
from stentor.house.accounts.schema import Ruling
from stentor.house.spaces import schema
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.spaces import commands as c
from stentor.spaces import rights
from stentor.spaces.claims import Order
from stentor.spaces.model import Space
from stentor.spaces.rights import Actor, Look

_Request = Request[Any, Any, Any]


def handlers(spaces: Spaces, callers: Callers, people: People, views: Views) -> list[HTTPRouteHandler]:
    """The handlers, which share the service of the spaces."""

    async def command(request: _Request, space: str, wish: c.Command) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await spaces.change(space, wish, actor), actor)

    @patch(
        "/spaces/{space:str}/seats/{seat:str}",
        summary="Mute or unmute a seat, change its role, hand over, agree to the recording",
    )
    async def change_seat(
        request: _Request, space: FromPath[str], seat: FromPath[str], data: JSONBody[schema.SeatChange]
    ) -> schema.SpaceView:
        actor = await callers.actor(request, space)
        found = await _change(spaces, await spaces.load(space), seat_id(seat), data, actor)
        return await views.space(found, actor)

    @delete("/spaces/{space:str}/seats/{seat:str}", status_code=200, summary="Take a seat away")
    async def remove_seat(request: _Request, space: FromPath[str], seat: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.RemoveSeat(seat_id(seat)))

    @post("/spaces/{space:str}/mute", status_code=200, summary="Mute all speakers; each may unmute himself")
    async def mute_speakers(request: _Request, space: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.MuteSpeakers())

    @put("/spaces/{space:str}/bans/{seat:str}", summary="Take a seat away and shut its person out")
    async def ban(request: _Request, space: FromPath[str], seat: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.BanSeat(seat_id(seat)))

    @put("/spaces/{space:str}/bans/{seat:str}/for-good", summary="The same, and suspend the seat's account")
    async def ban_for_good(request: _Request, space: FromPath[str], seat: FromPath[str]) -> schema.SpaceView:
        by = await callers.staff(request)
        actor, found = await callers.actor(request, space), await spaces.load(space)
        rights.require(actor, Look.BACKSTAGE, found)
        seated = found.seats.get(seat_id(seat))
        if seated is None:
            raise NotFound("There is no such seat.", code="seat-not-found")
        account = await people.banned(by, seated.account)
        found = await spaces.change(space, c.BanSeat(seated.id), rights.ADMIN)  # whatever the seats are of the two
        await people.rule(by, account, Ruling(suspended=True))
        return await views.space(found, actor)

    @delete("/spaces/{space:str}/bans/{seat:str}", status_code=200, summary="Lift a ban")
    async def lift(request: _Request, space: FromPath[str], seat: FromPath[str]) -> schema.SpaceView:
        return await command(request, space, c.LiftBan(seat_id(seat)))

    return [change_seat, remove_seat, mute_speakers, ban, ban_for_good, lift]


async def _change(spaces: Spaces, space: Space, seat: SeatId, data: schema.SeatChange, actor: Actor) -> Space:
    """The space after what is wished of a seat; what its person says of the microphone goes to the stage only."""
    rights.require(actor, Look.BACKSTAGE, space)
    wishes = _wishes(seat, data)
    orders = _orders(data)
    own = rights.own_seat(actor, space)
    if orders and (own is None or own.id != seat):
        raise NotAllowed("Only its person can say that of a microphone; mute the seat instead.")
    for order in orders:
        await spaces.order(space.id, order, seat)
    return await spaces.change(space.id, wishes, actor) if wishes else space


def _orders(data: schema.SeatChange) -> list[Order]:
    orders: list[Order] = []
    if data.self_muted is not msgspec.UNSET:
        orders.append("self-mute" if data.self_muted else "self-unmute")
    if data.aside is not msgspec.UNSET:
        orders.append("aside" if data.aside else "aside-end")
    return orders


def _wishes(seat: SeatId, data: schema.SeatChange) -> list[c.Command]:
    wishes: list[c.Command] = []
    if data.role is not msgspec.UNSET:
        wishes.append(c.HandOver(seat) if data.role == "host" else c.ChangeRole(seat, data.role))
    if data.muted is not msgspec.UNSET:
        wishes.append(c.MuteSeat(seat) if data.muted else c.UnmuteSeat(seat))
    if data.volume is not msgspec.UNSET:
        wishes.append(c.TurnSeat(seat, data.volume))
    if data.agreed is not msgspec.UNSET:
        wishes.append(c.AgreeToRecording(seat))
    if not wishes and not _orders(data):
        raise BadInput("Say what to change: role, muted, volume, self_muted, aside or agreed.")
    return wishes
