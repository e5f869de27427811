"""The house behind a proxy: the outermost layer puts the client in the place of the proxy."""

from __future__ import annotations

from typing import cast

from litestar.types import ASGIApp, Receive, Scope, Send

from stentor.base import edge_word
from stentor.crowd.addresses import ALONE, source
from stentor.wire.forwarded import Networks, client, origin


def behind(app: ASGIApp, trusted: Networks, word: str) -> ASGIApp:
    """``app``, which sees whom a trusted proxy names as what is counted as one (:func:`source`), and the scheme.

    An edge of ours, which knows the ``word`` (:mod:`stentor.base.edge_word`), is believed wherever it comes from.
    """

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.get("client")
        if peer is not None:
            headers: dict[str, str] = {}
            for raw_name, raw_value in scope["headers"]:
                name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
            told = edge_word.asker(headers.get(edge_word.FIELD, ""), word)
            scheme = headers.get("x-forwarded-proto", "") if told else origin(peer[0], headers, trusted).scheme
            # what is limited by address is limited by connection when a proxy does not say for whom it speaks
            asker = told or source(client(peer[0], headers, trusted)) or f"{peer[0]}{ALONE}{peer[1]}"
            changes = {"client": (asker, peer[1]), "scheme": scheme or scope["scheme"]}
            scope = cast("Scope", {**scope, **changes})
        await app(scope, receive, send)

    return outer
