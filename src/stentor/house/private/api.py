"""The API's addresses by which hosts choose who may hear a space, and by which listeners get a pass."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import NotAllowed, NotFound
from stentor.house.private import schema
from stentor.house.private.service import Listeners
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.web.rest import answer
from stentor.house.who.callers import Callers, address_of
from stentor.house.who.sessions import Sessions
from stentor.spaces import commands as c
from stentor.spaces import private, rights
from stentor.spaces.visibility import Visibility
from stentor.store.accounts import Accounts

_Request = Request[Any, Any, Any]


def handlers(callers: Callers, views: Views, listeners: Listeners, sessions: Sessions) -> list[HTTPRouteHandler]:
    """Who may hear a space, and the way in."""

    @put("/spaces/{space:str}/visibility", summary="Choose who may hear the space, and know of it")
    async def choose(request: _Request, space: FromPath[str], data: JSONBody[schema.VisibilityChoice]) -> SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await listeners.choose(space, data, actor), actor)

    @post("/spaces/{space:str}/entrance", status_code=200, summary="Get a pass to a private space")
    async def enter(
        request: _Request, space: FromPath[str], data: JSONBody[schema.Entrance]
    ) -> Response[schema.EntranceView]:
        account, found = await callers.account(request), await listeners.find(space)
        given = None
        if found is not None and found.private:
            given = await listeners.by_account(found, account, await callers.actor(request, space))
        if found is None or given is None:
            if not data.word:
                raise NotAllowed("Bring a password or the code of a ticket as word.", code="wrong-word")
            found, given = await listeners.by_word(space, data.word, address_of(request))
        view = schema.EntranceView(listeners.base(found), listeners.text(found, given), given.expires_s * 1000)
        return answer(view, sessions.kept(listeners.cookie(found.id), view.listener_pass, private.PASS_S))

    return [choose, enter]


def ticket_handlers(spaces: Spaces, callers: Callers, listeners: Listeners) -> list[HTTPRouteHandler]:
    """Tickets, which hosts make and take back."""

    @post("/spaces/{space:str}/tickets", summary="Make tickets: one for each name")
    async def add(request: _Request, space: FromPath[str], data: JSONBody[schema.NewTickets]) -> schema.MadeTickets:
        actor = await callers.actor(request, space)
        return schema.MadeTickets(await listeners.add_tickets(space, data.names, actor))

    @get("/spaces/{space:str}/tickets", summary="All tickets, and when each was used last")
    async def tickets(request: _Request, space: FromPath[str]) -> schema.TicketList:
        return schema.TicketList(await listeners.tickets(space, await callers.actor(request, space)))

    @delete("/spaces/{space:str}/tickets/{ticket:str}", status_code=200, summary="Take a ticket back")
    async def withdraw(request: _Request, space: FromPath[str], ticket: FromPath[str]) -> schema.TicketList:
        actor = await callers.actor(request, space)
        rights.require(actor, c.SetVisibility(Visibility.TICKETS), await spaces.load(space))
        if not (ticket.isascii() and ticket.isdigit() and len(ticket) < 9):
            raise NotFound("There is no such ticket.", code="ticket-not-found")
        await listeners.withdraw(space, int(ticket), actor)
        return schema.TicketList(await listeners.tickets(space, actor))

    return [add, tickets, withdraw]


def shut_out_handlers(
    spaces: Spaces, callers: Callers, views: Views, listeners: Listeners, accounts: Accounts
) -> list[HTTPRouteHandler]:
    """Who may not hear a private space any more."""

    async def account_of(handle: str) -> str:
        found = await accounts.find(handle)
        if found is None:
            raise NotFound("There is no such account.", code="account-not-found")
        return found.id

    @put("/spaces/{space:str}/shut-out/{handle:str}", summary="Somebody may not hear a private space any more")
    async def shut_out(request: _Request, space: FromPath[str], handle: FromPath[str]) -> SpaceView:
        actor = await callers.actor(request, space)
        rights.require(actor, c.ShutOut(""), await spaces.load(space))
        return await views.space(await listeners.shut_out(space, await account_of(handle), actor), actor)

    @delete("/spaces/{space:str}/shut-out/{handle:str}", status_code=200, summary="They may hear it again")
    async def let_in(request: _Request, space: FromPath[str], handle: FromPath[str]) -> SpaceView:
        actor = await callers.actor(request, space)
        rights.require(actor, c.ShutOut(""), await spaces.load(space))
        return await views.space(
            await spaces.change(space, c.ShutOut(await account_of(handle), out=False), actor), actor
        )

    @get("/spaces/{space:str}/listeners", summary="Who is invited to listen, and who is shut out")
    async def invited(request: _Request, space: FromPath[str]) -> schema.ListenerList:
        return await listeners.invited(space, await callers.actor(request, space))

    @put("/spaces/{space:str}/listeners/{handle:str}", summary="Invite somebody with an account to listen")
    async def invite(request: _Request, space: FromPath[str], handle: FromPath[str]) -> schema.ListenerList:
        actor = await callers.actor(request, space)
        rights.require(actor, c.SetVisibility(Visibility.INVITED), await spaces.load(space))
        await listeners.invite(space, await account_of(handle), actor)
        return await listeners.invited(space, actor)

    @delete("/spaces/{space:str}/listeners/{handle:str}", status_code=200, summary="Take somebody off the list")
    async def uninvite(request: _Request, space: FromPath[str], handle: FromPath[str]) -> schema.ListenerList:
        actor = await callers.actor(request, space)
        rights.require(actor, c.SetVisibility(Visibility.INVITED), await spaces.load(space))
        await listeners.uninvite(space, await account_of(handle), actor)
        return await listeners.invited(space, actor)

    return [shut_out, let_in, invited, invite, uninvite]
