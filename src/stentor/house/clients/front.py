"""Which requests are Mastodon's client API, and what scripts of other sites may do with it.

Apps ask below ``/api`` of the site, where our own API is. Of 200 addresses some stand in both, such as
``GET /api/v1/timelines/home``: there the kind of token decides, for that of an app is good for nothing else. A cookie
counts for nothing in this API, so pages of other sites may ask, too (CORS).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from stentor.base.paths import STREAMING
from stentor.house.clients.asking import nothing
from stentor.house.clients.ways import PREFIX, refused
from stentor.house.who.app_tokens import app_token_of

OPEN: Final = ("/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/oauth-authorization-server")
"""AddressTree beside the API that apps in browsers ask, too."""
_EXPOSED: Final = "Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id"
_SHARED: Final = {"access-control-allow-origin": "*", "access-control-expose-headers": _EXPOSED}
_PREFLIGHT: Final = _SHARED | {
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key",
    "access-control-max-age": "7200",
}
NOTHING: Final = refused(nothing())
_API: Final = "/api/"
_METHODS: Final = "methods"


class AddressTree:
    """AddressTree with their methods; a part of one may stand for any."""

    def __init__(self, routes: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._tree: dict[str, Any] = {}
        for path, methods in routes:
            at = self._tree
            for part in path.strip("/").split("/"):
                at = at.setdefault("{}" if part.startswith("{") else f"/{part}", {})
            at.setdefault(_METHODS, set()).update(methods)

    def methods(self, path: str) -> frozenset[str]:
        """Those that an address knows; none where it is none."""
        found: set[str] = set()
        there = [self._tree]
        for part in path.strip("/").split("/"):
            there = [at[name] for at in there for name in (f"/{part}", "{}") if name in at]
        for at in there:
            found |= at.get(_METHODS, set())
        return frozenset(found)


class MastodonFront:
    """``speaks`` says whether a request means Mastodon's API."""

    def __init__(self, app: Litestar) -> None:
        routes = [each for each in app.routes if isinstance(each, HTTPRoute)]
        there = [(each.path_format, [*each.methods]) for each in routes]
        self.own = AddressTree(each for each in there if each[0].startswith(_API))
        self.theirs = AddressTree((path.removeprefix(PREFIX), each) for path, each in there if path.startswith(PREFIX))

    def speaks(self, method: str, path: str, authorization: str) -> bool:
        if not path.startswith(_API) or _beside(path):
            return False
        app = app_token_of(authorization) is not None
        return app or (method in self.theirs.methods(path) and method not in self.own.methods(path))

    def inside(self, app: ASGIApp) -> ASGIApp:
        """``app``, in which Mastodon's addresses stand below :data:`PREFIX`."""

        async def inner(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.HTTP:
                path = scope["path"]
                if path.startswith(PREFIX) or self._speaks(scope):
                    if scope["method"] not in self.theirs.methods(path):
                        await _answer(send, 404, NOTHING.headers, NOTHING.content)
                        return
                    scope = {**scope, "path": f"{PREFIX}{path}"}
            await app(scope, receive, send)

        return inner

    def outside(self, app: ASGIApp) -> ASGIApp:
        """``app``, of which scripts of other sites may use what is Mastodon's."""

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            path = scope["path"]
            asked = scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method")
            if asked and (_beside(path) or self.theirs.methods(path)):
                await _answer(send, 204, _PREFLIGHT)
                return
            shared = _beside(path) or self._speaks(scope)
            await app(scope, receive, _sharing(send) if shared else send)

        return outer

    def _speaks(self, scope: HTTPScope) -> bool:
        return self.speaks(scope["method"], scope["path"], _header(scope, b"authorization"))


def _beside(path: str) -> bool:
    """Whether apps ask an address under its own name, too: streams read tokens by themselves."""
    return path in OPEN or path.startswith(STREAMING)


def _header(scope: HTTPScope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _sharing(send: Send) -> Send:
    async def shared(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_raw(_SHARED)]
        await send(message)

    return shared


async def _answer(send: Send, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": _raw(headers)})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
