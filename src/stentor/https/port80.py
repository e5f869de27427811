"""Port 80: the authority's challenges (RFC 8555, 8.3), and for everybody else the way to https."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple, cast
from urllib.parse import quote

from stentor.base.errors import StentorError
from stentor.wire.head import HeadLimits, HeadParser
from stentor.wire.http import head

CHALLENGES: Final = "/.well-known/acme-challenge/"
MOST_CHALLENGES: Final = 10
MOST_CONNECTIONS: Final = 2000
_QUERY: Final = "!$%&'()*+,-./:;=?@_~"
PATIENCE_S: Final = 10.0
"""For a whole request: who sends slower is cut off."""


class PlainRequest(NamedTuple):
    """A request: ``path`` is decoded, ``query`` as it came."""

    method: str
    path: str
    query: str


class Port80:
    """What is answered there. ``site`` is the address that people are sent to.

    The address in a request counts for nothing: nobody can be sent to somebody else's site.
    """

    def __init__(self, site: str) -> None:
        self._site = site
        self._challenges: dict[str, str] = {}
        self.open = 0

    def publish(self, path: str, said: str) -> None:
        """Answers ``said`` at a path from now on; the oldest of many is forgotten."""
        self._challenges[path] = said
        while len(self._challenges) > MOST_CHALLENGES:
            del self._challenges[next(iter(self._challenges))]

    def answer(self, request: PlainRequest) -> bytes:
        """The whole reply. A challenge is answered here, never by a redirect."""
        if request.path.startswith(CHALLENGES):
            said = self._challenges.get(request.path)
            if said is None:
                return _reply(404, {"Content-Type": "text/plain"}, "There is no such challenge.\n")
            return _reply(200, {"Content-Type": "application/octet-stream"}, said, bare=request.method == "HEAD")
        if request.path == "/healthz":
            return _reply(200, {"Content-Type": "text/plain", "Cache-Control": "no-store"}, "ok\n")
        query = f"?{quote(request.query, safe=_QUERY)}" if request.query else ""
        # 308 (RFC 9110, 15.4.9) keeps the method: what an app posts is not lost.
        return _reply(
            308, {"Location": f"{self._site}{quote(request.path)}{query}", "Cache-Control": "max-age=3600"}, ""
        )

    def connection(self) -> asyncio.Protocol:
        return _Connection(self)


class _Parser(HeadParser):
    """The first request of a connection."""

    def __init__(self, limits: HeadLimits) -> None:
        self.asked: PlainRequest | None = None
        super().__init__(limits)

    def on_head(self) -> None:
        """Whatever it says."""

    def on_body(self, data: bytes) -> None:
        """Nobody reads it."""

    def on_message_complete(self) -> None:
        self.asked = self.asked or PlainRequest(self._parser.get_method().decode("ascii"), *self._asked())
        self.reset()


class _Connection(asyncio.Protocol):
    """One request, one reply."""

    _transport: asyncio.Transport
    _end: asyncio.TimerHandle

    def __init__(self, port: Port80) -> None:
        self._port = port
        self._parser = _Parser(HeadLimits())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none of asyncio's classes
        self._end = asyncio.get_running_loop().call_later(PATIENCE_S, self._transport.abort)
        self._port.open += 1
        if self._port.open > MOST_CONNECTIONS:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._port.open -= 1
        self._end.cancel()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        try:
            self._parser.parse(data)
        except StentorError as error:
            self._transport.write(_reply(error.status, {}, ""))
            self._transport.close()
            return
        if self._parser.asked:
            self._transport.write(self._port.answer(self._parser.asked))
            self._transport.close()


def _reply(status: int, headers: dict[str, str], body: str, *, bare: bool = False) -> bytes:
    data = body.encode()
    return head(status, headers | {"Content-Length": str(len(data))}, keep_alive=False) + (b"" if bare else data)
