"""The REST API's addresses about tokens for programs: one's own, and for administrators those of others."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import NotAllowed, NotFound
from stentor.house.accounts.people import People
from stentor.house.programs import schema
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions
from stentor.people import rights
from stentor.people.digests import digest
from stentor.people.model import Account
from stentor.people.record import Deed
from stentor.people.scopes import PREFIX, ApiToken
from stentor.spaces import checks
from stentor.store.api_tokens import ApiTokens

SECRET_BYTES = 32
_DAY_MS = 86_400_000
_Request = Request[Any, Any, Any]


class Tokens:
    """Makes and revokes them, on record."""

    def __init__(self, store: ApiTokens, people: People) -> None:
        self.store, self._people = store, people

    async def make(self, by: Account | None, account: Account, wish: schema.NewApiToken) -> schema.ApiTokenMade:
        """A token of ``account``; its secret is in the answer and nowhere else."""
        secret, now_ms = PREFIX + secrets.token_urlsafe(SECRET_BYTES), self._people.now_ms
        token = ApiToken(
            id=secrets.token_hex(8),
            account=account.id,
            name=checks.name(wish.name),
            scopes=tuple(sorted(set(wish.scopes))),
            digest=digest(secret),
            made_ms=now_ms,
            ends_ms=None if wish.days is None else now_ms + wish.days * _DAY_MS,
            used_ms=None,
        )
        await self.store.add(token)
        await self._people.note(by, Deed.TOKEN_MADE, account, token.name)
        return schema.ApiTokenMade(schema.view(token), secret)

    async def list(self, account: Account) -> schema.ApiTokenList:
        return schema.ApiTokenList([schema.view(each) for each in await self.store.of(account.id)])

    async def revoke(self, by: Account | None, account: Account, token: str) -> schema.ApiTokenList:
        """Raises :class:`NotFound`; what is left."""
        await self.store.revoke(account.id, token)
        await self._people.note(by, Deed.TOKEN_REVOKED, account)
        return await self.list(account)

    async def find(self, handle: str) -> Account:
        found = await self._people.store.find(handle)
        if found is None:
            raise NotFound("There is no such account.", code="account-not-found")
        return found


def handlers(tokens: Tokens, callers: Callers, sessions: Sessions) -> list[HTTPRouteHandler]:
    """The handlers: no token makes another one, or sees one."""

    @get("/account/tokens", summary="One's own tokens for programs")
    async def mine(request: _Request) -> schema.ApiTokenList:
        return await tokens.list(await callers.signed_in(request))

    @post("/account/tokens", summary="Make a token for a program; its secret is shown this once")
    async def make(request: _Request, data: JSONBody[schema.NewApiToken]) -> schema.ApiTokenMade:
        _, account = await sessions.fresh(request)
        return await tokens.make(account, account, data)

    @delete("/account/tokens/{token:str}", status_code=200, summary="Revoke one of one's own tokens")
    async def revoke(request: _Request, token: FromPath[str]) -> schema.ApiTokenList:
        account = await callers.signed_in(request)
        return await tokens.revoke(account, account, token)

    @get("/accounts/{handle:str}/tokens", summary="Somebody's tokens for programs")
    async def theirs(request: _Request, handle: FromPath[str]) -> schema.ApiTokenList:
        rights.require_admin(await callers.staff(request))
        return await tokens.list(await tokens.find(handle))

    @post("/accounts/{handle:str}/tokens", summary="Make a token that acts as somebody: with the admin token only")
    async def make_for(
        request: _Request, handle: FromPath[str], data: JSONBody[schema.NewApiToken]
    ) -> schema.ApiTokenMade:
        by = await callers.staff(request)
        if by is not None:
            raise NotAllowed("Only the holder of the admin token makes tokens that act as somebody else.")
        return await tokens.make(None, await tokens.find(handle), data)

    @delete("/accounts/{handle:str}/tokens/{token:str}", status_code=200, summary="Revoke somebody's token")
    async def revoke_theirs(request: _Request, handle: FromPath[str], token: FromPath[str]) -> schema.ApiTokenList:
        by = await callers.staff(request)
        rights.require_admin(by)
        return await tokens.revoke(by, await tokens.find(handle), token)

    return [mine, make, revoke, theirs, make_for, revoke_theirs]
