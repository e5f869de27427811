"""The house's connections: uvicorn's, read by the rules that hold at the edges too, with deadlines and a number.

uvicorn keeps a head however long it is, waits for its end for ever, and takes any Host and version. Here
:class:`stentor.wire.head.HeadParser` reads heads, and a request reaches uvicorn when its head is whole and right. All
of uvicorn's insides that are used stand in this file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stentor.base.clock import Clock
from stentor.base.errors import Malformed, Overloaded, StentorError, TooLarge, problem
from stentor.base.secure import Secure
from stentor.base.tls import Tls
from stentor.crowd.addresses import Addresses
from stentor.house.web.problems import headers_of
from stentor.house.web.tunnel import EXTENSION, OFFERED, Tunnel
from stentor.wire import http
from stentor.wire.head import HeadLimits, HeadParser

LIMITS = HeadLimits(body_bytes=64 * 1024 * 1024)
"""The longest body is hold music of 50 MB; each address of the API has a lower limit of its own."""
HEAD_S = 10.0
"""From the first byte of a request to the end of its head, and from connecting to the first request."""
BODY_S = 20.0
"""A body's beginning may take so long; then it must come at :data:`LEAST_BPS` on average."""
LEAST_BPS = 2000
"""Bytes a second: a tenth of what a bad mobile line carries."""
STALL_S = 15.0
"""A peer that takes nothing for so long is gone."""
LINGER_S = 2.0
"""After a refusal: closing while bytes still come would destroy the reply on its way (RFC 9112, 9.6)."""
FULL = Overloaded("The house has as many connections as it can have; try again in a moment.", retry_after_s=5.0)
CROWDED = Overloaded(
    "Your address has too many connections here already; close some.",
    retry_after_s=5.0,
    status=429,
    code="too-many-connections",
)
SLOW = StentorError("The request came too slowly.", code="too-slow", status=408)


class Door:
    """How many connections there may be, together and from one address; what was refused, for the heartbeat."""

    def __init__(self, capacity: int, addresses: Addresses, clock: Clock, certificate: Tls | None = None) -> None:
        self.open = self.full = self.malformed = self.timed_out = 0
        self.addresses = addresses
        self.clock = clock
        self._capacity = capacity
        self._certificate = certificate

    def protocol(self, **of_uvicorn: Any) -> asyncio.Protocol:
        """What uvicorn asks for with each connection."""
        connection = GuardedConnection(self, **of_uvicorn)
        return connection if self._certificate is None else Secure(connection, self._certificate.context)

    def enter(self, address: str) -> str | StentorError:
        """The source that a connection counts for, or why it may not stay."""
        if self.open > self._capacity:
            self.full += 1
            return FULL
        source = self.addresses.enter(address)
        return CROWDED if source is None else source

    def numbers(self) -> dict[str, float]:
        """For the heartbeat."""
        return {
            "connections": self.open,
            "connections_full": self.full,
            "connections_crowded": self.addresses.refused_connections,
            "connections_malformed": self.malformed,
            "connections_timed_out": self.timed_out,
        }


class Parser(HeadParser):
    """Hands whole heads, and bodies as they come, to a connection of uvicorn's, in the way httptools would."""

    def __init__(self, connection: GuardedConnection) -> None:
        self._connection = connection
        self.body_bytes = 0
        """Of the body that comes."""
        self.heads = 0
        """Requests so far."""
        super().__init__(LIMITS)
        self.feed_data = self.parse
        self.get_method: Callable[[], bytes] = self._parser.get_method
        self.get_http_version: Callable[[], str] = self._parser.get_http_version
        self.should_keep_alive: Callable[[], bool] = self._parser.should_keep_alive

    def should_upgrade(self) -> bool:
        return False

    def on_head(self) -> None:
        path, _ = self._asked()
        connection = self._connection
        if len(connection.pipeline) >= self.limits.pipelined:
            self._refuse(Malformed("Too many requests at once.", code="pipelined"))
        self.body_bytes = 0
        self.heads += 1
        connection.on_message_begin()
        connection.on_url(b"/" if path == "*" else self._target)
        for name, value in self._fields.items():
            connection.on_header(name.encode("latin-1"), value.encode("latin-1"))
        if self._may_switch():
            connection.offer_tunnel()
        connection.on_headers_complete()

    def on_transfer_encoding(self, coding: str) -> None:
        self._only_chunked(coding)

    def _may_switch(self) -> bool:
        """Whether the peer asks for WebSocket (RFC 6455, 4.1), and nothing of another request can be under way."""
        fields = self._fields
        named = {each.strip().lower() for each in fields.get("connection", "").split(",")}
        first = not self._connection.pipeline and self._connection.quiet
        asked = fields.get("upgrade", "").strip().lower() == "websocket" and "upgrade" in named
        return asked and first and self.get_method() == b"GET" and self.get_http_version() == "1.1"

    def on_body(self, data: bytes) -> None:
        self._told = True
        self.body_bytes += len(data)
        if self.body_bytes > self.limits.body_bytes:
            self._refuse(TooLarge(f"A body has at most {self.limits.body_bytes} bytes."))
        self._connection.on_body(data)

    def on_message_complete(self) -> None:
        self._connection.on_message_complete()
        self.reset()


class GuardedConnection(HttpToolsProtocol):
    """One connection, from its first byte to its last."""

    def __init__(self, door: Door, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self.parser = self._reader = Parser(self)  # type: ignore[assignment]  # it does what uvicorn asks of that
        self._door = door
        self._source: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._since = self.loop.time()
        """When it became what it is now: connected, in a head, in a body, refused, stalled."""
        self._refused = False
        self._stalled = False
        self._last_word: StentorError | None = None
        """A refusal that must wait for the answers to the requests before."""
        self._tunnel: Tunnel | None = None
        """The one that is open."""
        self._offered: Tunnel | None = None

    # What the transport says.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.scheme = "https" if isinstance(transport, Secure) else "http"
        self._door.open += 1
        entered = self._door.enter(self.client[0] if self.client else "")
        if isinstance(entered, StentorError):
            self._refuse(entered)
        else:
            self._source = entered
        self._watch()

    def data_received(self, data: bytes) -> None:
        if self._tunnel is not None:
            self._tunnel.feed(data)
            return
        if self._refused or self._last_word is not None:
            return
        before = self._phase
        try:
            self._reader.parse(data)
        except StentorError as error:
            self._door.malformed += 1
            self._stop(error)
        if self._phase != before:
            self._unset_keepalive_if_required()  # a request has come, be it whole already; empty lines keep nothing
            self._since = self.loop.time()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled, self._since = True, self.loop.time()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled, self._since = False, self.loop.time()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._door.open -= 1
        if self._source is not None:
            self._door.addresses.leave(self._source)
        self._unset_keepalive_if_required()
        if self._tunnel is not None:
            self._tunnel.end(gone=True)
        super().connection_lost(exc)

    # What a tunnel asks (house.web.tunnel).

    @property
    def quiet(self) -> bool:
        """Whether no answer is under way."""
        return self.cycle is None or self.cycle.response_complete

    def offer_tunnel(self) -> None:
        """The request whose head has come may switch to another protocol."""
        self._offered = Tunnel(self)
        self.scope["extensions"] = {EXTENSION: {OFFERED: self._offered}}

    def open_tunnel(self, head: bytes) -> None:
        self._tunnel = self._offered
        self.cycle.disconnected = True  # uvicorn waits for no answer, and sends none
        self.cycle.message_event.set()
        if not self.transport.is_closing():
            self.transport.write(head)
        elif self._tunnel is not None:
            self._tunnel.end(gone=True)

    def write_tunnel(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def read_tunnel(self, wanted: bool, /) -> None:
        (self.flow.resume_reading if wanted else self.flow.pause_reading)()

    async def drained(self) -> None:
        if self.flow.write_paused:
            await self.flow.drain()

    def close_tunnel(self) -> None:
        self.transport.close()

    # What uvicorn says.

    def shutdown(self) -> None:
        if self._tunnel is None:
            super().shutdown()
        else:
            self._tunnel.end()  # whoever reads it says good-bye and closes

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._last_word is not None and self.cycle.response_complete and not self.transport.is_closing():
            self._refuse(self._last_word)
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():  # it has not taken even the last answer
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    # Inside.

    @property
    def _phase(self) -> tuple[bool, bool, int]:
        return self._reader.idle, self._reader.in_body, self._reader.heads

    def _deadline(self) -> float | None:
        """Until when what is under way must have ended; None when that is not this side's business."""
        if self._refused:
            return self._since + LINGER_S
        if self._stalled:
            return self._since + STALL_S
        if self.flow.read_paused:
            return None  # the house itself is slow
        if self._reader.in_body:
            return self._since + BODY_S + self._reader.body_bytes / LEAST_BPS
        return self._since + HEAD_S if not self._reader.idle or self.cycle is None else None

    def _watch(self) -> None:
        """Has :meth:`_look` called at the deadline; not for each byte anew."""
        due = self._deadline()
        if self._timer is not None and (due is None or due < self._timer.when()):
            self._timer.cancel()
            self._timer = None
        if self._timer is None and due is not None and not self.transport.is_closing():
            self._timer = self.loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        due = self._deadline()
        if due is None or due > self.loop.time():
            self._watch()
            return
        if not self._refused:
            self._door.timed_out += 1
        if self._reader.in_body and not self._refused and not self._stalled:
            self._stop(SLOW)  # who uploads over a bad line can read it
        else:
            self.transport.abort()

    def _stop(self, error: StentorError) -> None:
        """Nothing more is read: says why, after the answers to what was asked before."""
        current = self.cycle
        if self._reader.in_body:  # of a request that uvicorn has; it will never be whole
            if current.response_started or self.pipeline:
                self.transport.abort()
                return
            current.disconnected = True
            current.message_event.set()
        elif current is not None and not current.response_complete:
            self.flow.pause_reading()
            self._last_word = error
            return
        self._refuse(error)

    def _refuse(self, error: StentorError) -> None:
        body = msgspec.json.encode(problem(error))
        fields = {"date": formatdate(self._door.clock(), usegmt=True), **headers_of(error)}
        self.transport.write(http.response(error.status, fields, body, keep_alive=False))
        self._unset_keepalive_if_required()
        self._refused, self._since = True, self.loop.time()
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.flow.resume_reading()
        else:
            self.transport.close()
