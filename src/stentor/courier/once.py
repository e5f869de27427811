"""A POST to a host that gets no other one soon, as when thousands of hosts are told the same: a connection, a request,
an answer of which the head alone is read (by llhttp), and the end.

A client of general use keeps connections, cookies and bodies; beside a handshake that is a tenth of what a post takes
(``bench.posting``). What may be reached and how long it may take is as in ``client``.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohappyeyeballs
import httptools
import msgspec
from yarl import URL

from stentor.courier.addresses import AddressInfo, guarded
from stentor.courier.names import NameLookup
from stentor.wire.forwarded import Networks

MOST_HEAD_BYTES: Final = 64 * 1024
"""Of an answer before it has said its status."""
NEXT_ADDRESS_S: Final = 0.25
"""A host with several addresses is tried at the next one after so long (RFC 8305, 5)."""


class AnswerHead(msgspec.Struct, frozen=True):
    """What is read of an answer."""

    status: int
    retry_after: str


class BrokenAnswer(ValueError):
    """What came is no answer of HTTP, or it broke off."""


class _SinglePost(asyncio.Protocol):
    """One request, and the head of its answer."""

    def __init__(self, request: bytes) -> None:
        self.head: asyncio.Future[AnswerHead] = asyncio.get_running_loop().create_future()
        self._request, self._parser, self._bytes = request, httptools.HttpResponseParser(self), 0
        self._retry_after = b""

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]  # uvloop's have it, not the base class

    def data_received(self, data: bytes) -> None:
        self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._break()
        if self._bytes > MOST_HEAD_BYTES:
            self._break()

    def connection_lost(self, exc: Exception | None) -> None:
        self._break()

    # What llhttp says.

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = value

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self.head.done():  # those below are no answers yet (RFC 9110, 15.2)
            self.head.set_result(AnswerHead(status, self._retry_after.decode("latin-1")))

    def _break(self) -> None:
        if not self.head.done():
            self.head.set_exception(BrokenAnswer("it broke off, or sent no HTTP"))


class SinglePosts:
    """Sends them. ``tls`` checks certificates; ``refused`` is told addresses that may not be reached."""

    def __init__(
        self, allowed: Networks, names: NameLookup, tls: ssl.SSLContext, fixed: Mapping[str, str],
        refused: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._names, self._tls, self._make = names, tls, guarded(allowed, refused)
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, connect_s: float) -> AnswerHead:
        """Sends ``body`` and reads the head of the answer. Raises OSError (``socket.gaierror`` for a name of nobody),
        ``ssl.SSLError``, TimeoutError after ``connect_s``, :class:`BrokenAnswer`, ValueError for what is no address."""
        to = URL(url)
        if to.scheme not in ("http", "https") or to.raw_host is None or to.port is None:
            raise ValueError("this is no address of the web")
        exchange = _SinglePost(self._request(to, body, headers))
        transport: asyncio.Transport | None = None
        try:
            async with asyncio.timeout(connect_s):
                transport = await self._connect(to.raw_host, to.port, exchange, secure=to.scheme == "https")
            return await exchange.head
        finally:
            if transport is not None:
                transport.abort()
            if not exchange.head.cancel() and not exchange.head.cancelled():
                exchange.head.exception()  # what nobody waits for any more is no warning

    async def _connect(self, host: str, port: int, exchange: _SinglePost, *, secure: bool) -> asyncio.Transport:
        loop, tls = asyncio.get_running_loop(), self._tls if secure else None
        found: list[AddressInfo] = [
            (each["family"], socket.SOCK_STREAM, each["proto"], "", _where(each))
            for each in await self._names.resolve(host, port)
        ]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "there is no address")
        if len(found) == 1:
            made = self._make(found[0])
            try:
                made.setblocking(False)
                await loop.sock_connect(made, found[0][4])
            except BaseException:
                made.close()
                raise
        else:
            made = await aiohappyeyeballs.start_connection(
                found, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, socket_factory=self._make
            )
        transport, _ = await loop.create_connection(
            lambda: exchange, sock=made, ssl=tls, server_hostname=host if tls else None
        )
        return transport

    def _request(self, to: URL, body: bytes, headers: Mapping[str, str]) -> bytes:
        own = headers if "host" in headers else {"host": to.raw_authority, **headers}
        fields = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        start = f"POST {to.raw_path_qs} HTTP/1.1\r\n{fields}{self._fixed}"
        return f"{start}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode("latin-1") + body


def _where(found: Any) -> tuple[Any, ...]:
    """The address of a socket: of IPv6 with its scope."""
    host, port = found["host"], found["port"]
    if found["family"] != socket.AF_INET6:
        return host, port
    address, _, scope = host.partition("%")
    return address, port, 0, int(scope) if scope.isdigit() else 0
