"""The house behind a proxy: the outermost layer puts the client in the place of the proxy."""

from __future__ import annotations

from typing import cast

from litestar.types import ASGIApp, Receive, Scope, Send

from stentor.wire.forwarded import Networks, origin


def behind(app: ASGIApp, trusted: Networks) -> ASGIApp:
    """``app``, which sees the address and the scheme that a trusted proxy names (:func:`origin`)."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.get("client")
        if peer is not None:
            headers: dict[str, str] = {}
            for raw_name, raw_value in scope["headers"]:
                name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
            found = origin(peer[0], headers, trusted)
            changes = {"client": (found.address, peer[1]), "scheme": found.scheme or scope["scheme"]}
            scope = cast("Scope", {**scope, **changes})
        await app(scope, receive, send)

    return outer
