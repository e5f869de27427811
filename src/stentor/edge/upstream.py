"""One connection of an edge to the house: a request out, its response as it comes (read by llhttp)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import httptools
import msgspec

from stentor.base.errors import PeerError

HIGH_WATER_BYTES = 256 * 1024
"""Of a response that the client does not take: then the house is not read from."""
STALL_S = 30.0
"""A house that takes nothing of a request for so long hangs."""
NO_BODY = (204, 304)
_ALIVE = b"keep-alive"


class HouseLost(PeerError):
    """The house went away, or said what is no response."""

    code, status, title = "house-lost", 502, "The house went away"


class Head(msgspec.Struct, frozen=True):
    """The head of a response. Names of fields as they came."""

    status: int
    fields: list[tuple[bytes, bytes]]

    def has(self, name: bytes) -> bool:
        return any(each.lower() == name for each, _ in self.fields)


class Upstream(asyncio.Protocol):
    """States: idle, then from :meth:`begin` on a response under way until it is ``complete``."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.fresh = True
        """Nothing was answered on it yet."""
        self.idle_since = 0.0
        self.gone = False
        self.complete = False
        """The response is there to its last byte, and nothing came that does not belong to it."""
        self.begun = False
        """Something of the response has come."""
        self.switched = False
        """The house speaks another protocol on it from now on (101): what comes is bytes."""
        self._head: Head | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._bodyless = self._switches = False
        self._stays = False
        self._on_continue: Callable[[], None] = lambda: None
        self._fields: list[tuple[bytes, bytes]] = []
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._news: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's have the methods, not the base class

    def data_received(self, data: bytes) -> None:
        if self._parser is None:  # nobody asked
            self._break()
            return
        self.begun = True
        try:
            if self.switched:
                self.on_body(data)
            else:
                self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self.switched:
                self._break()
            elif rest := data[upgrade.args[0] :]:
                self.on_body(rest)
        except httptools.HttpParserError:
            self._break()
        if self._waiting_bytes > HIGH_WATER_BYTES:
            self.transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        # RFC 9112, 6.3: without length and chunks a body ends with the connection
        if self._head is not None and not (self._head.has(b"content-length") or self._head.has(b"transfer-encoding")):
            self.complete, self._stays = not self.gone, False

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._tell()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    # What llhttp says. A response to HEAD, and one of 204 or 304, ends with its head whatever that announces
    # (RFC 9112, 6.3); llhttp does not know of HEAD, and would wait for a body.

    def on_message_begin(self) -> None:
        if self.complete:
            raise HouseLost("Bytes after the end.")  # llhttp stops there
        self._fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is None:  # else it stands after the body: such fields are not passed on
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            if status == 100:
                self._on_continue()
            if status == 101 and self._switches:
                self._head, self.switched = Head(status, self._fields), True
            return
        self._head = Head(status, self._fields)
        self._stays = self._parser.should_keep_alive()
        if self._bodyless or status in NO_BODY:
            connection = b",".join(value for name, value in self._fields if name.lower() == b"connection").lower()
            self._stays = self._parser.get_http_version() == "1.1" and b"close" not in connection
            self.complete = True

    def on_body(self, data: bytes) -> None:
        if self.complete:
            raise HouseLost("A body where none may be.")
        self._pieces.append(data)
        self._waiting_bytes += len(data)

    def on_message_complete(self) -> None:
        self.complete = self._head is not None and not self.gone and not self.switched

    # What the forwarder asks.

    @property
    def reusable(self) -> bool:
        """Whether the next request may go over this connection."""
        return self.complete and self._stays and not self.gone and not self.transport.is_closing()

    def begin(self, *, bodyless: bool, on_continue: Callable[[], None], switches: bool = False) -> None:
        """A request is about to be written; ``bodyless`` when it is HEAD, ``switches`` when the house may answer it
        with another protocol."""
        self._parser = httptools.HttpResponseParser(self)
        self._head, self._bodyless, self._on_continue, self._switches = None, bodyless, on_continue, switches
        self.complete = self.begun = False

    def rest(self, now: float) -> None:
        """Nothing is under way any more: what comes now nobody asked for."""
        self._parser = None
        self.fresh, self.idle_since = False, now

    async def write(self, data: bytes) -> None:
        """Raises :class:`HouseLost` when the house takes nothing any more."""
        if self.gone:
            raise HouseLost("The house has closed the connection.")
        self.transport.write(data)
        if self._room is not None:
            try:
                async with asyncio.timeout(STALL_S):
                    await self._room
            except TimeoutError:
                self._break()
                raise HouseLost("The house takes nothing.") from None

    async def head(self) -> Head:
        """Raises :class:`HouseLost` when the house closes before."""
        while self._head is None:
            await self._wait()
        return self._head

    async def read(self) -> bytes:
        """The next piece of the body, nothing at its end; raises :class:`HouseLost` when it is cut off."""
        while not self._pieces:
            if self.complete:
                return b""
            await self._wait()
        data = b"".join(self._pieces)
        self._pieces.clear()
        if self._waiting_bytes > HIGH_WATER_BYTES and not self.gone:
            self.transport.resume_reading()
        self._waiting_bytes = 0
        return data

    # Inside.

    async def _wait(self) -> None:
        if self.gone:
            raise HouseLost("The house has closed the connection.")
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _break(self) -> None:
        """Nobody knows any more what belongs to which request."""
        self.gone, self._stays = True, False
        self.transport.abort()
