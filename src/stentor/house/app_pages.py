"""The page where somebody lets an app use their account, and the list of those that may. Plain forms, which work
without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from litestar import Request, Response, Router, get, post, route
from litestar.params import FromPath
from litestar.response import Redirect

from stentor.base.clock import Clock, unix_ms
from stentor.house.forms import Page, form_of, see
from stentor.house.oauth import redirects
from stentor.house.oauth.server import AppConsent, Refusal, asked, given, sent_back
from stentor.house.pages import READ, Pages, Visit
from stentor.house.web.headers import policy
from stentor.house.who.sessions import Sessions
from stentor.people import app_scopes
from stentor.store.oauth import OAuthTable

PATH: Final = "/oauth/authorize"
APPS: Final = "/account/apps"
MOST_BYTES: Final = 16 * 1024
SENT: Final = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"
)  # fmt: skip
"""What an app asks with, and what the form of the page sends again."""
OPENER: Final = {"cross-origin-opener-policy": "unsafe-none"}
"""Some apps in browsers open this page in a window of its own, and hear from that window what became of it."""
_Request = Request[Any, Any, Any]


class May(NamedTuple):
    """What an app may do, in words: a text, and the groups that it is about."""

    key: str
    groups: tuple[str, ...] = ()


class AppPages:
    """``base`` is the address that apps are told, ``media`` that of what pages may show pictures from."""

    def __init__(
        self, pages: Pages, table: OAuthTable, sessions: Sessions, clock: Clock, *, base: str, media: str
    ) -> None:
        self.pages, self.table, self.sessions = pages, table, sessions
        self._clock, self._media, self._server = clock, media, base.partition("://")[2]

    @property
    def now_ms(self) -> int:
        return unix_ms(self._clock())

    async def ask(self, request: _Request) -> Page:
        """Asks somebody who is signed in; the others to sign in first."""
        visit = await self.pages.visit(request)
        values = {name: str(request.query_params.get(name, "")) for name in SENT}
        here = f"{PATH}?{urlencode({name: value for name, value in values.items() if value})}"
        if visit.account is None:
            return Redirect(f"/sign-in?next={quote(here)}", status_code=303, headers={"cache-control": "no-store"})
        found = await self.table.within(lambda grants: asked(grants, _there(values), self.now_ms))
        if isinstance(found, Refusal):
            return self._refused(visit, found)
        shown = self.pages.answer(
            visit, "authorize", asking=found.app, values=_there(values), may=may(found.scopes), here=here,
            query=here.partition("?")[2],
            to=_place(found.redirect_uri), oob=found.redirect_uri == redirects.OOB,
        )  # fmt: skip
        shown.headers.update(OPENER)
        forms = f"'self' {redirects.policy_of(found.redirect_uri)}" if found.redirect_uri != redirects.OOB else "'self'"
        shown.headers["content-security-policy"] = policy(self._media, forms=forms)
        return shown

    async def decide(self, request: _Request) -> Page:
        """What somebody said."""
        self.sessions.guard(request)
        visit, fields = await self.pages.visit(request), await form_of(request)
        values = _there({name: fields.get(name, "") for name in SENT})
        account = visit.account
        if account is None:
            return see(f"/sign-in?next={quote(f'{PATH}?{urlencode(values)}')}")
        found = await self.table.within(lambda grants: asked(grants, values, self.now_ms))
        if isinstance(found, Refusal):
            return self._refused(visit, found)
        if "yes" not in fields:
            return self._back(visit, found, {"error": "access_denied", "error_description": "Not allowed"})
        code = await self.table.within(lambda grants: given(grants, values, account.id, self.now_ms))
        if isinstance(code, Refusal):
            return self._refused(visit, code)
        return self._back(visit, found, {"code": code})

    def _back(self, visit: Visit, found: AppConsent, values: dict[str, str]) -> Page:
        if found.redirect_uri != redirects.OOB:
            return _leave(sent_back(found.redirect_uri, values | {"state": found.state}))
        if "code" not in values:
            return see(APPS)
        return self.pages.answer(visit, "app-code", asking=found.app, code=values["code"])

    def _refused(self, visit: Visit, found: Refusal) -> Page:
        if found.redirect_uri and found.redirect_uri != redirects.OOB:
            return _leave(sent_back(found.redirect_uri, {"error": found.error, "state": found.state}))
        return self.pages.notice(visit, "apps.wrong_title", found.said, 400)

    async def list(self, request: _Request) -> Page:
        """The apps that may use one's account."""
        visit = await self.pages.visit(request)
        if visit.account is None:
            return see(f"/sign-in?next={APPS}")
        found = [(each, may(each.scopes)) for each in await self.table.of(visit.account.id)]
        return self.pages.answer(visit, "apps", found=found, server=self._server)

    async def revoke(self, request: _Request, token: str) -> Page:
        self.sessions.guard(request)
        _, account = await self.sessions.require(request)
        await self.table.revoke(account.id, token)
        return see(APPS)


def routes(made: AppPages) -> Router:
    """The handlers, which share the pages."""

    @route(PATH, http_method=READ, include_in_schema=False)
    async def ask(request: _Request) -> Page:
        return await made.ask(request)

    @post(PATH, include_in_schema=False)
    async def decide(request: _Request) -> Page:
        return await made.decide(request)

    @get(APPS, include_in_schema=False)
    async def listed(request: _Request) -> Page:
        return await made.list(request)

    @post(f"{APPS}/{{token:str}}/revoke", include_in_schema=False)
    async def revoke(request: _Request, token: FromPath[str]) -> Page:
        return await made.revoke(request, token)

    return Router("/", route_handlers=[ask, decide, listed, revoke], request_max_body_size=MOST_BYTES)


def may(scopes: tuple[str, ...]) -> list[May]:
    """What scopes allow, in the order of the page."""
    found = [May(f"apps.may_{each}") for each in app_scopes.WHOLE if each in scopes]
    for way in ("read", "write"):
        groups = tuple(each.partition(":")[2] for each in scopes if each.startswith(f"{way}:"))
        if groups and way not in scopes:
            found.append(May(f"apps.some_{way}", groups))
    return found


def _there(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _place(address: str) -> str:
    """The server that somebody goes on to; empty for an app on their own device."""
    scheme, _, rest = address.partition("://")
    return rest.partition("/")[0] if scheme.lower() in ("http", "https") else ""


def _leave(address: str) -> Response[Any]:
    """To an app: its address as it is, for the framework's own redirects write it anew."""
    return Response("", status_code=303, headers={"location": address, "cache-control": "no-store", **OPENER})
