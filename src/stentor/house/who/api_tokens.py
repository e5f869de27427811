"""Reads the tokens of programs: whose one is, and whether its scopes reach the address that is asked."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from litestar import Request

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotAllowed, NotFound, NotSignedIn
from stentor.people.digests import digest
from stentor.people.model import Account
from stentor.people.scopes import NOTE_MS, PREFIX, ApiToken, scope_of
from stentor.store.accounts import Accounts
from stentor.store.api_tokens import ApiTokens

MOST_RECENT = 10_000
LONGEST = 100
API = "/api/v1"
_KEPT = "stentor_api_account"
_Request = Request[Any, Any, Any]


class TokenReader:
    """Of requests with ``Authorization: Bearer stentor_…``."""

    def __init__(self, tokens: ApiTokens, accounts: Accounts, clock: Clock) -> None:
        self._tokens, self._accounts, self._clock = tokens, accounts, clock
        self._recent: OrderedDict[str, None] = OrderedDict()
        """Digests of tokens that were good lately."""

    def holds(self, authorization: str) -> bool:
        """Whether it carries a token that was good lately. Only a hint of who comes, and without the database."""
        token = token_of(authorization)
        return token is not None and digest(token) in self._recent

    async def account(self, request: _Request) -> Account | None:
        """Whose token a request of the API brings; None when it brings none.

        Raises :class:`NotSignedIn` for one that is not known, has ended or belongs to somebody who is suspended,
        :class:`NotAllowed` for an address that its scopes do not reach. Read once for each request.
        """
        if _KEPT in request.scope["state"]:
            kept: Account = request.scope["state"][_KEPT]
            return kept
        token = token_of(request.headers.get("authorization", ""))
        if token is None:
            return None
        found, account = await self._known(token)
        _require_scope(found, request)
        request.scope["state"][_KEPT] = account
        return account

    async def lasts(self, token: str) -> bool:
        """Whether a token is good for anything."""
        try:
            await self._known(token)
        except NotSignedIn:
            return False
        return True

    async def _known(self, token: str) -> tuple[ApiToken, Account]:
        key, now_ms = digest(token), unix_ms(self._clock())
        found = await self._tokens.find(key) if len(token) <= LONGEST else None
        if found is None:
            self._recent.pop(key, None)
            raise NotSignedIn("This token is not known here; it may have been revoked.", code="token-wrong")
        if found.ends_ms is not None and now_ms >= found.ends_ms:
            raise NotSignedIn("This token has ended; make a new one.", code="token-expired")
        try:
            account = await self._accounts.get(found.account)
        except NotFound as error:
            raise NotSignedIn("This token is not known here; it may have been revoked.", code="token-wrong") from error
        if account.suspended_ms is not None:
            raise NotSignedIn("The account of this token is suspended.", code="token-wrong")
        self._recent[key] = None
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)
        if found.used_ms is None or now_ms - found.used_ms > NOTE_MS:
            await self._tokens.used(found.id, now_ms=now_ms)
        return found, account


def token_of(authorization: str) -> str | None:
    """The token of a program in the header; None for none, and for what is another kind."""
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.startswith(PREFIX) and token.isascii() else None


def _require_scope(token: ApiToken, request: _Request) -> None:
    path = str(request.scope.get("path_template", "")).removeprefix(API)
    needed = scope_of(request.method, path)
    if needed is None:
        raise NotAllowed("No token is enough for this: it takes a person who is signed in.", code="no-token")
    if needed not in token.scopes:
        raise NotAllowed(f"This token lacks the scope “{needed}”; make one that has it.", code="scope-missing")
