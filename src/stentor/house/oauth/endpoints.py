"""``/oauth/token``, ``/oauth/revoke``, ``/oauth/userinfo``, and what apps may know before they sign in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotAllowed, StentorError
from stentor.house.clients.asking import unknown
from stentor.house.clients.fields import fields_of
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.oauth.server import OAuthAnswer, revoke_answer, token_answer
from stentor.house.web.problems import from_framework, headers_of
from stentor.house.who.app_tokens import AppReader, app_token_of
from stentor.people import app_scopes
from stentor.store.oauth import Grants

MOST_BYTES: Final = 16 * 1024
_Request = Request[Any, Any, Any]
_Answer = Callable[[Grants, dict[str, str], dict[str, str], int], OAuthAnswer]


def routes(reader: AppReader, shapes: StatusShapes, clock: Clock, base: str) -> Router:
    """The handlers, which share the table. Apps send forms or JSON."""
    table = reader.tokens

    async def answered(request: _Request, answer: _Answer) -> Response[bytes]:
        sent = await fields_of(request)
        values = {name: value for name, value in sent.items() if isinstance(value, str)}
        headers = {name: value for name, value in request.headers.items() if name == "authorization"}
        found = await table.within(lambda grants: answer(grants, values, headers, unix_ms(clock())))
        kept = {name.lower(): value for name, value in found.headers.items() if name.lower() == "www-authenticate"}
        return _told(found.body, found.status, kept)

    @post("/oauth/token", status_code=200, include_in_schema=False)
    async def token(request: _Request) -> Response[bytes]:
        return await answered(request, token_answer)

    @post("/oauth/revoke", status_code=200, include_in_schema=False)
    async def revoke(request: _Request) -> Response[bytes]:
        return await answered(request, revoke_answer)

    @get("/oauth/userinfo", include_in_schema=False)
    async def userinfo(request: _Request) -> Response[bytes]:
        given = app_token_of(request.headers.get("authorization", ""))
        caller = await reader.caller(given) if given else None
        if caller is None or caller.account is None:
            raise unknown()
        if not app_scopes.covers(caller.token.scopes, "profile"):
            raise NotAllowed("This action is outside the authorized scopes", code="scope-missing")
        me = await shapes.profiles.one(await shapes.desk.actors.of_account(caller.account.id))
        who = shapes.people.account(me)
        body = {
            "iss": f"{base}/", "sub": who.uri, "name": who.display_name, "preferred_username": who.username,
            "profile": who.url, "picture": who.avatar,
        }  # fmt: skip
        return _told(body, 200, {})

    @get("/.well-known/oauth-authorization-server", include_in_schema=False)
    async def metadata() -> Response[bytes]:
        return _told(app_scopes.metadata(base), 200, {})

    wrong: ExceptionHandlersMap = {StentorError: _wrong, HTTPException: _misread}
    return Router(
        "/",
        route_handlers=[token, revoke, userinfo, metadata],
        request_max_body_size=MOST_BYTES,
        exception_handlers=wrong,
    )


def _told(body: Any, status: int, headers: dict[str, str]) -> Response[bytes]:
    fields = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store", "pragma": "no-cache"}
    return Response(msgspec.json.encode(body), status_code=status, headers=fields | headers)


def _wrong(_: _Request, error: StentorError) -> Response[bytes]:
    word = {401: "invalid_token", 403: "insufficient_scope", 503: "temporarily_unavailable"}.get(
        error.status, "invalid_request"
    )
    body = {"error": word, "error_description": error.detail}
    kept = {name: value for name, value in headers_of(error).items() if name in ("retry-after", "www-authenticate")}
    return _told(body, error.status, kept)


def _misread(request: _Request, error: HTTPException) -> Response[bytes]:
    return _wrong(request, from_framework(error))
