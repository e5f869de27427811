"""Who makes a request: by a token in its header, or by the session in its cookie. A token goes before a cookie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.types import Scope

from stentor.base.errors import NotAllowed
from stentor.base.paths import STREAMING
from stentor.house.who.access import Access
from stentor.house.who.api_tokens import TokenReader, token_of
from stentor.house.who.app_tokens import AppReader, app_token_of
from stentor.house.who.sessions import Sessions
from stentor.people import rights as site
from stentor.people.model import Account, SiteRole
from stentor.people.site import SiteRules
from stentor.spaces import rights
from stentor.spaces.rights import Actor, Rank

_Request = Request[Any, Any, Any]


def address_of(request: _Request) -> str:
    """Where a request comes from, for limits; never logged."""
    return request.client.host if request.client else ""


class Callers:
    """Reads requests. ``rules`` says who may make spaces."""

    def __init__(
        self,
        access: Access,
        sessions: Sessions,
        programs: TokenReader,
        apps: AppReader,
        *,
        rules: Callable[[], SiteRules],
    ) -> None:
        self._access, self._sessions, self._programs, self._rules = access, sessions, programs, rules
        self.apps = apps

    def known(self, scope: Scope) -> bool:
        """Whether a request seems to come from somebody we know, told without asking the database."""
        request: _Request = Request(scope)
        authorization = request.headers.get("authorization", "")
        if authorization:
            holders = (self._programs, self.apps, self._access)
            return any(each.holds(authorization) for each in holders)
        return self._sessions.holds(request.cookies.get(self._sessions.cookie, ""))

    def listens(self, scope: Scope) -> bool:
        """Whether it seems to be an app of somebody's that wants to be told of what happens, told in the same way."""
        return scope["path"].startswith(STREAMING) and self.apps.brings(Request(scope))

    async def lasts(self, scope: Scope) -> bool:
        """Whether what a request shows still counts: neither revoked nor ended, and nobody suspended."""
        request: _Request = Request(scope)
        authorization = request.headers.get("authorization", "")
        if (token := token_of(authorization)) is not None:
            return await self._programs.lasts(token)
        if (app := app_token_of(authorization)) is not None:
            return await self.apps.lasts(app)
        if authorization:
            return self._access.holds(authorization)
        return await self._sessions.current(request) is not None

    async def actor(self, request: _Request, space: str | None = None) -> Actor:
        """Who asks about ``space``; raises what :meth:`Access.actor` and :meth:`Sessions.account` raise."""
        if (program := await self._programs.account(request)) is not None:
            return self.acting(program)
        authorization = request.headers.get("authorization", "")
        if authorization:
            return self._access.actor(authorization, space=space, address=address_of(request))
        account = await self._sessions.account(request)
        return self.acting(account) if account else rights.ANYONE

    def acting(self, account: Account) -> Actor:
        """What an account is in spaces."""
        rank = Rank.ADMIN if account.role is SiteRole.ADMIN else Rank.ANYONE
        return Actor(
            rank,
            account=account.id,
            creates=site.creates(account.role, self._rules().create_spaces),
            moderates=site.moderates(account.role),
        )

    async def account(self, request: _Request) -> Account | None:
        """Who is signed in, or whose program asks; None for nobody, and for the admin token and that of a seat."""
        if (program := await self._programs.account(request)) is not None:
            return program
        return None if request.headers.get("authorization") else await self._sessions.account(request)

    async def person(self, request: _Request) -> Account | None:
        """Who is signed in in this browser, whatever token of a seat the page may send besides; or a program's."""
        if (program := await self._programs.account(request)) is not None:
            return program
        return await self._sessions.account(request)

    def device(self, request: _Request) -> str:
        """The account that was the last to sign in in this browser; empty where none was."""
        device = self._sessions.device(request)
        return device.account if device else ""

    async def signed_in(self, request: _Request) -> Account:
        """The same; raises :class:`NotSignedIn` for nobody."""
        if (program := await self._programs.account(request)) is not None:
            return program
        return (await self._sessions.require(request))[1]

    async def admit(self, request: _Request) -> None:
        """Looks at a program's token before anything else does; raises what :meth:`TokenReader.account` does."""
        await self._programs.account(request)

    async def staff(self, request: _Request) -> Account | None:
        """Whoever has a say on the site: an account, or None for the holder of the admin token.

        Raises :class:`NotSignedIn` for anyone, :class:`NotAllowed` for a guest with an invitation to a space.
        """
        if not request.headers.get("authorization") or token_of(request.headers["authorization"]) is not None:
            return await self.signed_in(request)
        if await self.actor(request) != rights.ADMIN:
            raise NotAllowed("An invitation to a space is not enough for this; sign in.")
        return None
