"""Reads the tokens of apps (Mastodon's client API): whose one is, and what it may do."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final, NamedTuple

from litestar import Request

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotAllowed, NotFound, NotSignedIn
from stentor.people.digests import digest
from stentor.people.model import Account
from stentor.store.accounts import Accounts
from stentor.store.oauth import AppToken, OAuthTable

PREFIX: Final = "stentorapp_"
"""How every token begins: by it one is told from those of programs, and scanners of leaked secrets find it."""
LONGEST: Final = 100
MOST_RECENT: Final = 10_000
NOTE_MS: Final = 3_600_000
"""How often it is noted that a token is in use."""
_Request = Request[Any, Any, Any]


class AppCaller(NamedTuple):
    """An app that asks, and for whom; ``account`` is None where it asks for nobody."""

    token: AppToken
    account: Account | None


class AppReader:
    """Of requests with ``Authorization: Bearer stentorapp_…``."""

    def __init__(self, tokens: OAuthTable, accounts: Accounts, clock: Clock) -> None:
        self.tokens, self._accounts, self._clock = tokens, accounts, clock
        self._recent: OrderedDict[str, None] = OrderedDict()
        """Digests of tokens that were good lately."""

    def holds(self, authorization: str) -> bool:
        """Whether it carries a token that was good lately. Only a hint of who comes, and without the database."""
        token = app_token_of(authorization)
        return token is not None and digest(token) in self._recent

    def brings(self, request: _Request) -> bool:
        """The same of a request that may bring it in any of the ways of :func:`brought`."""
        token = brought(request)
        return token.isascii() and 0 < len(token) <= LONGEST and digest(token) in self._recent

    async def recall(self) -> None:
        """Learns after a start which tokens were good lately: those who listened come all at once. Raises
        :class:`Overloaded`."""
        for each in await self.tokens.recent(MOST_RECENT):
            self._recent.setdefault(each)

    async def lasts(self, token: str) -> bool:
        """Whether a token is good for anything."""
        try:
            await self.caller(token)
        except (NotSignedIn, NotAllowed):
            return False
        return True

    async def caller(self, token: str) -> AppCaller:
        """Who asks with a token. Raises :class:`NotSignedIn` for one that is not known, :class:`NotAllowed` for that of
        somebody who is suspended."""
        key, now_ms = digest(token), unix_ms(self._clock())
        found = await self.tokens.find(key) if len(token) <= LONGEST else None
        if found is None:
            self._recent.pop(key, None)
            raise _unknown()
        account = None
        if found.account is not None:
            try:
                account = await self._accounts.get(found.account)
            except NotFound as error:
                raise _unknown() from error
            if account.suspended_ms is not None:
                raise NotAllowed("Your login is currently disabled", code="account-suspended")
        self._recent[key] = None
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)
        if found.used_ms is None or now_ms - found.used_ms > NOTE_MS:
            await self.tokens.used(found.id, now_ms=now_ms)
        return AppCaller(found, account)


def app_token_of(authorization: str) -> str | None:
    """The token of an app in the header; None for none, and for what is another kind."""
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.startswith(PREFIX) and token.isascii() else None


def brought(request: _Request) -> str:
    """A token in the header, in the query, or as the first protocol that an app offers (RFC 6455, 4.1): scripts in
    browsers can send no header with a WebSocket. Empty without one."""
    offered = request.headers.get("sec-websocket-protocol", "").partition(",")[0].strip()
    authorized = app_token_of(request.headers.get("authorization", ""))
    return authorized or request.query_params.get("access_token") or offered


def _unknown() -> NotSignedIn:
    return NotSignedIn("The access token is invalid", code="token-wrong")
