"""The addresses by which people go to the site's sign-in provider and come back."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, Router, delete, post, route
from litestar.datastructures import Cookie
from litestar.params import JSONBody
from litestar.response import Redirect

from stentor.base.errors import StentorError
from stentor.house.accounts import schema
from stentor.house.accounts.oidc_login import OidcLogin
from stentor.house.accounts.provider import BACK
from stentor.house.web import rest
from stentor.house.web.bodies import check_body
from stentor.house.who.callers import address_of
from stentor.house.who.sessions import Sessions

KEPT_S = 600
"""So long may somebody be at the provider: they may have to look for a second factor."""
_Request = Request[Any, Any, Any]


def routes(oidc_login: OidcLogin, sessions: Sessions) -> Router:
    """To the provider by the API, back by a page that leads on at once."""
    name = f"{sessions.cookie}-provider"

    async def ours(request: _Request) -> None:
        await check_body(request)
        sessions.guard(request)

    def source(request: _Request) -> str:
        """By what somebody's tries are counted: a device that has signed in before has its own."""
        device = sessions.device(request)
        return device.name if device else address_of(request)

    def leave(address: str, kept: str) -> Response[schema.Elsewhere]:
        cookies = [sessions.kept(name, kept, KEPT_S)]
        return Response(schema.Elsewhere(address), cookies=cookies, headers={"cache-control": "no-store"})

    def onward(path: str, *cookies: Cookie) -> Redirect:
        gone = sessions.kept(name, "", 0)
        return Redirect(path, status_code=303, cookies=[*cookies, gone], headers={"cache-control": "no-store"})

    @post("/sign-in/provider", status_code=200, summary="Begin to sign in by the site's provider")
    async def begin(request: _Request, data: JSONBody[schema.ProviderWish]) -> Response[schema.Elsewhere]:
        return leave(*await oidc_login.begin(data, source(request)))

    @post("/account/provider", status_code=200, summary="Begin to link one's account to the site's provider")
    async def link(request: _Request) -> Response[schema.Elsewhere]:
        _, account = await sessions.fresh(request)
        wish = schema.ProviderWish(next="/account")
        return leave(*await oidc_login.begin(wish, source(request), account=account.id))

    @delete("/account/provider", status_code=200, summary="Unlink one's account from the site's provider")
    async def unlink(request: _Request) -> dict[str, Any]:
        _, account = await sessions.fresh(request)
        await oidc_login.unlink(account)
        return {}

    @route(BACK, http_method=[HttpMethod.GET], include_in_schema=False)
    async def back(request: _Request) -> Redirect:
        me = await sessions.account(request)
        query = {key: str(value) for key, value in request.query_params.items()}
        try:
            account, following = await oidc_login.finish(request.cookies.get(name, ""), query, me)
        except StentorError as error:
            return onward(f"/{'account' if me else 'sign-in'}?problem={error.error_code}")
        return onward(following, *await sessions.begin(request, account.id))

    return Router("/", route_handlers=[rest.router([begin, link, unlink], before=ours), back])
