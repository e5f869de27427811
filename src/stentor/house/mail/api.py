"""The REST API's addresses about mail: by which server, one's own address, and the way back into an account."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from stentor.house.accounts.schema import SignedIn, profile
from stentor.house.mail import schema
from stentor.house.mail.desk import MailDesk
from stentor.house.web import rest
from stentor.house.web.bodies import check_body
from stentor.house.web.language import language_of
from stentor.house.who.callers import Callers, address_of
from stentor.house.who.sessions import Sessions
from stentor.people import rights

_Request = Request[Any, Any, Any]


def routes(desk: MailDesk, callers: Callers, sessions: Sessions) -> Router:
    """All of it, for our own pages and for programs with a token."""

    async def ours(request: _Request) -> None:
        await check_body(request)
        if not request.headers.get("authorization"):
            sessions.guard(request)

    found = [*_of_site(desk, callers), *_of_people(desk, callers, sessions), *_of_the_lost(desk, sessions)]
    return rest.router(found, before=ours)


def _of_site(desk: MailDesk, callers: Callers) -> list[HTTPRouteHandler]:
    async def require_admin(request: _Request) -> None:
        rights.require_admin(await callers.staff(request))

    @get("/site/mail", summary="By which server mail is sent")
    async def shown(request: _Request) -> schema.MailView:
        await require_admin(request)
        await desk.settings.read()
        return desk.settings.view()

    @patch("/site/mail", summary="Set by which server mail is sent; the password is never given out again")
    async def change(request: _Request, data: JSONBody[schema.MailChange]) -> schema.MailView:
        await require_admin(request)
        await desk.settings.change(data)
        return desk.settings.view()

    @post("/site/mail/test", status_code=200, summary="Send a mail now, and hear what went wrong")
    async def trial(request: _Request, data: JSONBody[schema.MailTrial]) -> schema.MailTested:
        await require_admin(request)
        return await desk.test(data.to, language_of(request))

    return [shown, change, trial]


def _of_people(desk: MailDesk, callers: Callers, sessions: Sessions) -> list[HTTPRouteHandler]:
    @get("/account/mail", summary="Where one reads mail")
    async def own(request: _Request) -> schema.OwnMail:
        return await desk.addresses.own(await callers.signed_in(request))

    @put("/account/mail", status_code=200, summary="Give an address, or take it away; a link is sent there")
    async def give(request: _Request, data: JSONBody[schema.OwnMailChange]) -> schema.OwnMail:
        _, account = await sessions.fresh(request)
        return await desk.addresses.change(account, data, language_of(request))

    return [own, give]


def _of_the_lost(desk: MailDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    @post("/sign-in/confirmation", status_code=200, summary="Confirm an address by the link that was mailed there")
    async def confirm(data: JSONBody[schema.MailLink]) -> dict[str, str]:
        await desk.addresses.confirm(data.token)
        return {}

    @post("/sign-in/lost", status_code=202, summary="Have a way back mailed to the address that was confirmed")
    async def lost(request: _Request, data: JSONBody[schema.Lost]) -> dict[str, str]:
        """The answer is the same whether there is such an account or not."""
        await desk.addresses.lost(data.who, address_of(request))
        return {}

    @post("/sign-in/link", status_code=200, summary="Sign in by a link that was mailed, once")
    async def link(request: _Request, data: JSONBody[schema.WayBack]) -> Response[SignedIn]:
        account = await desk.addresses.come_back(data.token, data.password)
        body = SignedIn(profile(account), await desk.accounts.codes_left(account.id))
        return rest.answer(body, *await sessions.begin(request, account.id))

    return [confirm, lost, link]
