"""A POST to a host that gets no other one soon, as when thousands of hosts are told the same: a connection, a request,
an answer of which the head alone is read (by llhttp), and the end.

A client of general use keeps connections, cookies and bodies, and a transport of the loop has buffers and timers; here
the loop says when the socket has something, and TLS is done in memory (``bench.posting`` says what each takes). What
may be reached and how long it may take is as in ``client``.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EINPROGRESS
from typing import Any, Final, NamedTuple

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
READ_BYTES: Final = 16 * 1024
Fields = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""Of a request, or what makes them when it is sent."""


class AnswerHead(msgspec.Struct, frozen=True):
    """What is read of an answer."""

    status: int
    retry_after: str


class Limits(NamedTuple):
    """Seconds: until the connection stands, its encryption too, and for all of it."""

    connect: float
    answer: float


class BrokenAnswer(ValueError):
    """What came is no answer of HTTP, or it broke off."""


class _Head:
    """The head of an answer as it comes; ``found`` is set at its end. What llhttp calls is public."""

    def __init__(self) -> None:
        self.found: AnswerHead | None = None
        self._parser, self._bytes, self._retry_after = httptools.HttpResponseParser(self), 0, b""

    def feed(self, data: bytes) -> None:
        """Raises :class:`BrokenAnswer`."""
        self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self.found is None:
                raise BrokenAnswer("this is no HTTP") from error
        if self.found is None and self._bytes > MOST_HEAD_BYTES:
            raise BrokenAnswer("its head has no end")

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = value

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and self.found is None:  # those below are no answers yet (RFC 9110, 15.2)
            self.found = AnswerHead(status, self._retry_after.decode("latin-1"))


class _SinglePost:
    """One request over a socket that connects, or is connected. ``stands`` is called when the connection
    does, encrypted or not, and says what is sent.
    """

    def __init__(self, made: socket.socket, tls: ssl.SSLContext | None, host: str, stands: Callable[[], bytes]) -> None:
        self._loop, self._socket, self._fileno = asyncio.get_running_loop(), made, made.fileno()
        self.head: asyncio.Future[AnswerHead] = self._loop.create_future()
        self._stands, self._asked = stands, False
        self._incoming, self._outgoing, self._unsent = ssl.MemoryBIO(), ssl.MemoryBIO(), b""
        self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_hostname=host) if tls is not None else None
        self._answer = _Head()
        self._loop.add_writer(self._fileno, self._connected)

    def close(self) -> None:
        """Whatever is under way ends."""
        self._loop.remove_reader(self._fileno)
        self._loop.remove_writer(self._fileno)
        self._socket.close()
        if not self.head.cancel() and not self.head.cancelled():
            self.head.exception()  # what nobody waits for any more is no warning

    # What the loop says.

    def _connected(self) -> None:
        if number := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._loop.remove_writer(self._fileno)
            self._fail(OSError(number, os.strerror(number)))
            return
        self._loop.add_reader(self._fileno, self._readable)
        self._loop.remove_writer(self._fileno)
        self._go_on(b"")

    def _readable(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
            return
        if data:
            self._go_on(data)
        else:
            self._fail(ConnectionResetError("it broke off"))

    def _writable(self) -> None:
        rest, self._unsent = self._unsent, b""
        try:
            self._send(rest)
        except OSError as error:
            self._fail(error)
        if not self._unsent:
            self._loop.remove_writer(self._fileno)

    # Inside.

    def _go_on(self, data: bytes) -> None:
        if self.head.done():
            return
        try:
            if self._asked:
                self._read(data)
            elif self._tls is None:
                self._ask()
            else:
                self._shake_hands(self._tls, data)
        except (OSError, ValueError) as error:
            with suppress(OSError):
                self._flush()  # why its certificate is not good
            self._fail(error)

    def _shake_hands(self, tls: ssl.SSLObject, data: bytes) -> None:
        self._incoming.write(data)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        else:
            self._ask()  # in one write with our last word of the handshake
            self._read(b"")

    def _ask(self) -> None:
        self._asked, request = True, self._stands()
        if self._tls is None:
            self._send(request)
        else:
            self._tls.write(request)
            self._flush()

    def _read(self, data: bytes) -> None:
        if self._tls is None:
            self._answer.feed(data)
        else:
            self._incoming.write(data)
            while self._incoming.pending and self._answer.found is None:
                try:
                    plain = self._tls.read(READ_BYTES)
                except ssl.SSLWantReadError:
                    break
                if not plain:
                    raise BrokenAnswer("it broke off")
                self._answer.feed(plain)
        if self._answer.found is not None:
            self.head.set_result(self._answer.found)

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._send(self._outgoing.read())

    def _send(self, data: bytes) -> None:
        if not self._unsent:
            with suppress(BlockingIOError):
                data = data[self._socket.send(data) :]
            if data:
                self._loop.add_writer(self._fileno, self._writable)
        self._unsent += data

    def _fail(self, error: Exception) -> None:
        """Once it was asked, whatever ends the connection leaves the answer broken."""
        self._loop.remove_reader(self._fileno)
        if not self.head.done():
            broken = self._asked and not isinstance(error, BrokenAnswer)
            self.head.set_exception(BrokenAnswer("it broke off, or sent no HTTP") if broken else error)


class SinglePosts:
    """Sends them. ``tls`` checks certificates; ``refused`` is told addresses that may not be reached."""

    def __init__(
        self, allowed: Networks, names: NameLookup, tls: ssl.SSLContext, fixed: Mapping[str, str],
        refused: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._names, self._tls, self._make = names, tls, guarded(allowed, refused)
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())

    async def post(self, url: str, body: bytes, headers: Fields, limits: Limits) -> AnswerHead:
        """Sends ``body`` and reads the head of the answer. Raises OSError (``socket.gaierror`` for a name of nobody),
        ``ssl.SSLError``, TimeoutError, :class:`BrokenAnswer`, ValueError for what is no address."""
        to = URL(url)
        if to.scheme not in ("http", "https") or to.raw_host is None or to.port is None:
            raise ValueError("this is no address of the web")
        ends = asyncio.get_running_loop().time() + limits.answer
        post: _SinglePost | None = None
        async with asyncio.timeout(limits.connect) as limit:

            def stands() -> bytes:
                if not limit.expired():
                    limit.reschedule(ends)
                return self._request(to, body, headers() if callable(headers) else headers)

            made = await self._socket(to.raw_host, to.port)
            try:
                tls = self._tls if to.scheme == "https" else None
                post = _SinglePost(made, tls, to.raw_host, stands)
                return await post.head
            finally:
                if post is None:
                    made.close()
                else:
                    post.close()

    async def _socket(self, host: str, port: int) -> socket.socket:
        """Connected, or on its way."""
        found: list[AddressInfo] = [
            (each["family"], socket.SOCK_STREAM, each["proto"], "", _where(each))
            for each in await self._names.resolve(host, port)
        ]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "there is no address")
        if len(found) > 1:
            return await aiohappyeyeballs.start_connection(
                found, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, socket_factory=self._make
            )
        made = self._make(found[0])
        try:
            made.setblocking(False)
            if (number := made.connect_ex(found[0][4])) not in (0, EINPROGRESS):
                raise OSError(number, os.strerror(number))
        except BaseException:
            made.close()
            raise
        return made

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
