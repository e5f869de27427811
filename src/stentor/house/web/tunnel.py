"""A connection that has switched to another protocol (RFC 9110, 7.8): bytes both ways, and nothing of HTTP any more.

A handler that wants it sends ``http.response.start`` with status 101, as for any other answer, and has the connection
from then on: so all that is asked before an answer is asked here too, and a refusal is an answer like any other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

from litestar.types import ASGIApp, Message, Receive, Scope, Send

EXTENSION, OFFERED = "stentor.tunnel", "offered"
"""Among the ``extensions`` of a scope whose request may switch."""
MOST_WAITING_BYTES: Final = 64 * 1024
"""Of what the peer sent and nobody has read; then it is not read from."""
SWITCHING: Final = 101


class Below(Protocol):
    """What a tunnel asks of its connection."""

    def open_tunnel(self, head: bytes) -> None:
        """HTTP ends with these bytes."""

    def write_tunnel(self, data: bytes) -> None: ...
    def read_tunnel(self, wanted: bool, /) -> None:
        """Whether more is to be read from the peer."""

    async def drained(self) -> None:
        """Waits until the peer takes what was written; at once when it is gone."""

    def close_tunnel(self) -> None: ...


class Tunnel:
    """One connection's. After its end :meth:`read` gives nothing; what is written to who is gone is dropped."""

    def __init__(self, below: Below) -> None:
        self._below = below
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._news = asyncio.Event()
        self.opened = self.ended = False
        self.gone = False
        """The peer is: what is written reaches nobody."""

    def open(self, fields: list[tuple[bytes, bytes]]) -> None:
        """Says 101 with these fields; from then on bytes are the other protocol's."""
        lines = [b"%b: %b" % (name, value) for name, value in fields]
        self.opened = True
        self._below.open_tunnel(b"\r\n".join([b"HTTP/1.1 101 Switching Protocols", *lines, b"", b""]))

    async def read(self) -> bytes:
        """What the peer has sent; nothing when it is gone."""
        while not self._pieces and not self.ended:
            self._news.clear()
            await self._news.wait()
        data = b"".join(self._pieces)
        self._pieces.clear()
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self._below.read_tunnel(True)
        self._waiting_bytes = 0
        return data

    async def write(self, data: bytes) -> None:
        """Sends, and waits while the peer takes nothing; who takes nothing for long is cut off by the connection."""
        if not self.gone:
            self._below.write_tunnel(data)
            await self._below.drained()

    def close(self) -> None:
        """Ends it from this side, after what was written."""
        self._below.close_tunnel()

    # What the connection says.

    def feed(self, data: bytes) -> None:
        self._pieces.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self._below.read_tunnel(False)
        self._news.set()

    def end(self, *, gone: bool = False) -> None:
        """Nothing more is read; with ``gone`` the peer is."""
        self.ended, self.gone = True, self.gone or gone
        self._news.set()


def tunnel_of(scope: Scope) -> Tunnel | None:
    """The tunnel that a request may have; None for one that has not asked for it."""
    extension = (scope.get("extensions") or {}).get(EXTENSION, {})
    found = extension.get(OFFERED)  # what the server put there, and nobody else
    return found if isinstance(found, Tunnel) else None


def switching(app: ASGIApp) -> ASGIApp:
    """``app``, outermost: an answer with status 101 opens the tunnel of its connection."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        tunnel = tunnel_of(scope)
        if tunnel is None:
            await app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == SWITCHING:
                tunnel.open(list(message["headers"]))
            elif not tunnel.opened:
                await send(message)

        await app(scope, receive, told)

    return outer
