"""The REST API's addresses to sign up, in and out, and about where one is signed in. Whoever signs in has a cookie."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import NotFound
from stentor.house.accounts import schema
from stentor.house.accounts.people import People
from stentor.house.accounts.views import AccountViews
from stentor.house.web.rest import answer
from stentor.house.who.callers import address_of
from stentor.house.who.sessions import Sessions

_Request = Request[Any, Any, Any]


def handlers(people: People, sessions: Sessions) -> list[HTTPRouteHandler]:
    """The handlers, which share the people."""
    store = people.store

    @post("/sign-up/options", status_code=200, summary="Ask the browser for a new account's passkey")
    async def sign_up_options(request: _Request, data: JSONBody[schema.SignUpWish]) -> schema.Options:
        return schema.Options(await people.sign_up_options(data, address_of(request)))

    @post("/sign-up", summary="Make an account and sign in")
    async def sign_up(request: _Request, data: JSONBody[schema.NewAccount]) -> Response[schema.SignedUp]:
        account, codes = await people.sign_up(data, address_of(request))
        body = schema.SignedUp(schema.profile(account), codes)
        return answer(body, *await sessions.begin(request, account.id), status=201)

    @post("/sign-in/options", status_code=200, summary="Ask the browser for a passkey")
    async def sign_in_options(request: _Request) -> schema.Options:
        return schema.Options(await people.sign_in_options(address_of(request), sessions.device(request)))

    @post("/sign-in", status_code=200, summary="Sign in by passkey, password or recovery code")
    async def sign_in(request: _Request, data: JSONBody[schema.SignIn]) -> Response[schema.SignedIn]:
        account = await people.sign_in(data, address_of(request), sessions.device(request))
        body = schema.SignedIn(schema.profile(account), await store.codes_left(account.id))
        return answer(body, *await sessions.begin(request, account.id))

    @post("/sign-out", status_code=200, summary="End this session")
    async def sign_out(request: _Request) -> Response[dict[str, Any]]:
        session, account = await sessions.require(request)
        await store.end(account.id, only=session.id)
        return answer({}, sessions.gone())

    return [sign_up_options, sign_up, sign_in_options, sign_in, sign_out]


def session_handlers(people: People, sessions: Sessions, views: AccountViews) -> list[HTTPRouteHandler]:
    """The handlers, which share the store."""
    store = people.store

    @get("/account/sessions", summary="Where one is signed in")
    async def list_sessions(request: _Request) -> schema.SessionList:
        session, account = await sessions.require(request)
        return schema.SessionList(await views.sessions(account, session))

    @delete("/account/sessions", status_code=200, summary="Sign out everywhere else")
    async def end_others(request: _Request) -> schema.SessionList:
        session, account = await sessions.require(request)
        await store.end(account.id, but=session.digest)
        return schema.SessionList(await views.sessions(account, session))

    @delete("/account/sessions/{session:str}", status_code=200, summary="End a session")
    async def end_one(request: _Request, session: FromPath[str]) -> schema.SessionList:
        here, account = await sessions.require(request)
        if not await store.end(account.id, only=session):
            raise NotFound("You have no such session; it may have ended.", code="session-not-found")
        return schema.SessionList(await views.sessions(account, here))

    return [list_sessions, end_others, end_one]
