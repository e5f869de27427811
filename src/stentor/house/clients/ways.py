"""The addresses of Mastodon's client API: what each needs, who answers it, and how an answer is told.

They stand below ``/api`` of the site, where our own API stands, too. They are registered below :data:`PREFIX`, and
``clients.front`` decides which of the two a request means.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Request, Response, Router, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ExceptionHandlersMap, Method

from stentor.base.errors import BadInput, Conflict, NotAllowed, Overloaded, StentorError
from stentor.base.texts import negotiate
from stentor.house.clients.asking import Ask, Paged, nothing, unknown
from stentor.house.clients.fields import fields_of
from stentor.house.clients.limits import USUAL, RateWindow, RateWindows
from stentor.house.web.problems import from_framework, headers_of
from stentor.house.who.app_tokens import AppCaller, AppReader, app_token_of
from stentor.house.who.callers import address_of
from stentor.people import app_scopes
from stentor.store.actors import ActorsTable

PREFIX: Final = "/mastodon"
"""Only inside the house: no request from outside comes by it."""
MOST_BYTES: Final = 256 * 1024
"""Of a request that brings no file: a post of 20,000 code points in a form has 240 kB at most."""
FIXED: Final = frozenset({"app-token", "not-found", "scope-missing", "token-wrong"})
"""Codes whose sentences apps compare with Mastodon's own, letter by letter."""
Say = Callable[[str, StentorError], str]
"""The sentence for an error in a language."""
_Request = Request[Any, Any, Any]


class ErrorEntity(msgspec.Struct, frozen=True):
    """What went wrong: a sentence, and a word for programs (the same as that of the site's own API)."""

    error: str
    code: str


class Needs(Enum):
    """Who may ask."""

    NOBODY = "nobody"
    """Anybody; with a token it is answered for its person, if its scopes reach that far."""
    APP = "app"
    """Whoever has a token, also one that is of nobody."""
    PERSON = "person"
    """Who has a token of somebody's."""


class AppWay(NamedTuple):
    """One method of one address. ``path`` is below ``/api``; ``scope`` is what a token needs, empty for any."""

    method: Method
    path: str
    scope: str
    answer: Callable[[Ask], Awaitable[Any]]
    needs: Needs = Needs.PERSON
    window: RateWindow = USUAL
    most_bytes: int = MOST_BYTES


class Counter:
    """Answers requests: reads who asks, counts them, and tells what was found or what is wrong."""

    def __init__(self, reader: AppReader, actors: ActorsTable, windows: RateWindows, base: str, say: Say) -> None:
        self._reader, self._actors, self._windows, self._base = reader, actors, windows, base
        self._say = say

    async def answer(self, way: AppWay, request: _Request) -> Response[bytes]:
        headers: dict[str, str] = {}
        try:
            caller = await self._caller(way, request)
            account = caller.account if caller else None
            who = account.id if account else address_of(request)
            left = self._windows.spend(who, way.window)
            headers = left.headers()
            if left.left < 0:
                raise self._windows.refusal(left)
            me = await self._actors.of_account(account.id) if account else None
            path = request.url.path.removeprefix(PREFIX)
            ask = Ask(request, path, await fields_of(request), caller, me, self._base)
            answer = _told(ask, await way.answer(ask))
        except StentorError as error:
            if error.status >= 500 and not isinstance(error, Overloaded):
                raise
            answer = refused(error, self._said(request, error))
        answer.headers.update(headers)
        return answer

    def _said(self, request: _Request, error: StentorError) -> str:
        """What apps show to people is in their language, if the app says which one that is."""
        if error.error_code in FIXED:
            return error.detail
        return self._say(negotiate(request.headers.get("accept-language", "")), error)

    async def _caller(self, way: AppWay, request: _Request) -> AppCaller | None:
        """Raises :class:`NotSignedIn`, :class:`NotAllowed`. A cookie counts for nothing here."""
        authorization = request.headers.get("authorization", "")
        token = app_token_of(authorization)
        if token is None:
            if authorization or way.needs is not Needs.NOBODY:
                raise unknown()
            return None
        caller = await self._reader.caller(token)
        if way.needs is Needs.PERSON and caller.account is None:
            raise NotAllowed("This method requires an authenticated user", status=422, code="app-token")
        if way.scope and not app_scopes.covers(caller.token.scopes, way.scope):
            raise NotAllowed("This action is outside the authorized scopes", code="scope-missing")
        return caller


def _told(ask: Ask, found: Any) -> Response[bytes]:
    if isinstance(found, Response):
        return found
    headers = {"content-type": "application/json; charset=utf-8", "cache-control": "private, no-store"}
    if isinstance(found, Paged):
        if link := ask.link(found):
            headers["link"] = link
        found = found.items
    return Response(msgspec.json.encode(found), status_code=200, headers=headers)


def refused(error: StentorError, said: str = "") -> Response[bytes]:
    """An error as apps read it, ``said`` in words for people. What is wrong with a request is 422 there."""
    wrong = isinstance(error, BadInput | Conflict) and error.status in (400, 409)
    headers = headers_of(error) | {"content-type": "application/json; charset=utf-8"}
    body = ErrorEntity(said or error.detail, error.error_code)
    return Response(msgspec.json.encode(body), status_code=422 if wrong else error.status, headers=headers)


def router(ways: Sequence[AppWay], counter: Counter) -> Router:
    """All of them, below :data:`PREFIX`."""

    def on_framework(_: _Request, error: HTTPException) -> Response[bytes]:
        known = from_framework(error)
        return refused(nothing() if known.status == 404 else known)

    handlers: ExceptionHandlersMap = {HTTPException: on_framework}
    return Router(
        f"{PREFIX}/api", route_handlers=[_handler(each, counter) for each in ways], exception_handlers=handlers
    )


def _handler(way: AppWay, counter: Counter) -> HTTPRouteHandler:
    path = way.path.replace("}", ":str}")

    @route(path, http_method=way.method, status_code=200, include_in_schema=False, request_max_body_size=way.most_bytes)
    async def answer(request: _Request) -> Response[bytes]:
        return await counter.answer(way, request)

    return answer
