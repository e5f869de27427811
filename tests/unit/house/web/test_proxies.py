"""Who asks: by a proxy that is trusted, by an edge of the site wherever it is, and by nobody else's word."""

from __future__ import annotations

import pytest
from litestar.types import HTTPScope, Message, Receive, Scope, Send

from stentor.house.web.proxies import behind
from stentor.wire.forwarded import networks

WORD = "the-word-of-this-site"
FORWARDED = [(b"x-forwarded-for", b"192.0.2.7"), (b"x-forwarded-proto", b"https")]


async def seen(peer: str, *headers: tuple[bytes, bytes]) -> tuple[str, str]:
    """The client and the scheme that the application is told of."""
    found: list[tuple[str, str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"]
        assert client is not None
        found.append((client[0], str(scope["scheme"])))

    async def receive() -> Message:
        raise AssertionError

    async def send(_: Message) -> None:
        raise AssertionError

    scope: HTTPScope = {"type": "http", "client": (peer, 9), "scheme": "http", "headers": list(headers)}  # type: ignore[typeddict-item]
    await behind(app, networks("127.0.0.1"), WORD)(scope, receive, send)  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize(
    ("peer", "headers", "told"),
    [
        ("198.51.100.9", FORWARDED, ("198.51.100.9", "http")),
        ("127.0.0.1", FORWARDED, ("192.0.2.7", "https")),
        ("10.0.0.3", [(b"x-stentor-edge", f"{WORD} 192.0.2.8".encode()), *FORWARDED], ("192.0.2.8", "https")),
        ("10.0.0.3", [(b"x-stentor-edge", b"guessed 192.0.2.8"), *FORWARDED], ("10.0.0.3", "http")),
        ("10.0.0.3", [(b"x-stentor-edge", b" 192.0.2.8"), *FORWARDED], ("10.0.0.3", "http")),
        ("10.0.0.3", [(b"x-stentor-edge", f"{WORD} 71#4".encode())], ("71#4", "http")),
    ],
)
async def test_whose_word_counts(peer: str, headers: list[tuple[bytes, bytes]], told: tuple[str, str]) -> None:
    """An edge proves that it is one; then it may say who asks, also when that is one connection of an unknown proxy."""
    assert await seen(peer, *headers) == told
