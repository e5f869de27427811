"""The REST API's addresses about one's own password, recovery codes and passkeys."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.accounts import schema
from stentor.house.accounts.people import People
from stentor.house.accounts.views import AccountViews
from stentor.house.who.sessions import Sessions
from stentor.people.record import Deed

_Request = Request[Any, Any, Any]


def handlers(people: People, sessions: Sessions, views: AccountViews) -> list[HTTPRouteHandler]:
    """The handlers, which want a session that has just begun."""
    store = people.store

    @put("/account/password", status_code=200, summary="Set or change one's password; ends all other sessions")
    async def password(request: _Request, data: JSONBody[schema.PasswordChange]) -> schema.AccountView:
        session, account = await sessions.fresh(request)
        await people.change_password(account, data)
        await store.end(account.id, but=session.digest)
        return await views.account(await store.get(account.id))

    @post("/account/recovery-codes", summary="New recovery codes; the old ones count no more")
    async def codes(request: _Request) -> schema.RecoveryCodes:
        _, account = await sessions.fresh(request)
        return schema.RecoveryCodes(await people.new_codes(account))

    @post("/account/passkeys/options", status_code=200, summary="Ask the browser for another passkey")
    async def passkey_options(request: _Request) -> schema.Options:
        _, account = await sessions.fresh(request)
        return schema.Options(await people.passkey_options(account))

    @post("/account/passkeys", summary="Add a passkey")
    async def add_passkey(request: _Request, data: JSONBody[schema.NewPasskey]) -> schema.AccountView:
        _, account = await sessions.fresh(request)
        await people.add_passkey(account, data)
        return await views.account(account)

    @delete("/account/passkeys/{passkey:str}", status_code=200, summary="Remove a passkey")
    async def remove_passkey(request: _Request, passkey: FromPath[str]) -> schema.AccountView:
        _, account = await sessions.fresh(request)
        await store.remove_passkey(account.id, passkey)
        await people.note(account, Deed.PASSKEY_REMOVED, account)
        return await views.account(account)

    return [password, codes, passkey_options, add_passkey, remove_passkey]
