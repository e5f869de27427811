"""TLS between the socket and a connection: bytes in memory, no buffers and no timers of its own.

The connection is counted and watched from the first moment, before the handshake: the limits of edge and house (number,
slow heads, what a slow reader may leave unsent) hold as they do without TLS.
What is written goes straight into the socket's transport, so its buffer is the only one.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from time import perf_counter
from typing import Any

READ_BYTES = WRITE_BYTES = 64 * 1024
MOST_UNSENT_BYTES = 1024 * 1024
"""Twice our largest reply. TLS answers some records by itself: who sends only those, and reads nothing, is cut off."""


SHARE_S = 0.0005
"""Of a turn of the loop for handshakes: one or two steps of them. Whoever has a connection already waits for no more of
a crowd that comes at once."""
GONE = asyncio.Protocol()
"""Above a connection that is lost."""


class Handshakes:
    """How many were begun, done, and ended before they were done; and how many of them a turn of the loop goes on with:
    the others stand in a line, for as long as their connections may."""

    __slots__ = ("_line", "_share_s", "_until", "begun", "done", "failed")

    def __init__(self, share_s: float = SHARE_S) -> None:
        self.begun = self.done = self.failed = 0
        self._share_s, self._until = share_s, 0.0
        self._line: deque[Secure] = deque()

    def room(self) -> bool:
        """Whether this turn may go on with another one; its first begins the share."""
        if self._until:
            return perf_counter() <= self._until
        self._begin()
        return True

    def wait(self, connection: Secure) -> None:
        """Lets one stand in the line; it is told to :meth:`Secure.go_on`."""
        self._line.append(connection)

    def _begin(self) -> None:
        self._until = perf_counter() + self._share_s
        asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        """A new turn: first those that stand in the line."""
        self._until = 0.0
        if not self._line:
            return
        self._begin()
        while self._line:
            self._line.popleft().go_on()
            if perf_counter() > self._until:
                break


class Secure(asyncio.Transport, asyncio.Protocol):
    """The protocol of a socket's transport, and the transport of the connection above it."""

    __slots__ = ("_above", "_below", "_closing", "_counted", "_incoming", "_outgoing", "_ready", "_tls", "_waits")

    _below: asyncio.Transport

    def __init__(self, above: asyncio.Protocol, context: ssl.SSLContext, handshakes: Handshakes | None = None) -> None:
        super().__init__()
        self._above = above
        self._counted = handshakes or Handshakes()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._ready = False
        self._closing = False
        self._waits = False
        """It stands in the line of handshakes."""

    # What the socket's transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._below = transport  # type: ignore[assignment]  # uvloop's have the methods, not the base class
        self._counted.begun += 1
        self._above.connection_made(self)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self._incoming.write(data)
        if self._ready or (not self._waits and self._counted.room()):
            self._read()
        elif not self._waits:
            self._waits = True
            self._counted.wait(self)

    def go_on(self) -> None:
        """Its turn has come in the line of handshakes."""
        self._waits = False
        if not self._closing:
            self._read()

    def _read(self) -> None:
        try:
            if not self._ready:
                self._tls.do_handshake()
                self._ready = True
                self._counted.done += 1
                if not self._incoming.pending and self._tls.version() == "TLSv1.3":
                    return  # there is nothing to say but tickets: they go with the first reply, in one write
            while not self._closing:
                if not (plain := self._tls.read(READ_BYTES)):
                    self.close()  # the peer has said that nothing more comes
                    return
                self._above.data_received(plain)
                if not self._incoming.pending and not self._tls.pending():
                    break  # asking OpenSSL once more would be answered by an exception
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self._flush()  # the alert that says why
            self._closing = True
            self._below.close()
        if not self._closing:
            self._flush()
            if self._below.get_write_buffer_size() > MOST_UNSENT_BYTES:
                self.abort()

    def eof_received(self) -> None:
        """Nothing to keep open for: the transport below closes itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._counted.failed += not self._ready
        self._above.connection_lost(exc)
        self._above = GONE  # which knows this one: without it both are free at once, and 20 kB of OpenSSL's with them

    def pause_writing(self) -> None:
        self._above.pause_writing()

    def resume_writing(self) -> None:
        self._above.resume_writing()

    # What the connection asks.

    def write(self, data: Any) -> None:
        """Encrypts and sends. Before the handshake nothing can be said: then it is dropped."""
        if self._closing or not self._ready or not data:
            return
        try:
            self._encrypt(data)
        except ssl.SSLError:
            self.abort()
        else:
            self._flush()

    def close(self) -> None:
        """Sends what is left and the end of it (RFC 8446, 6.1); waits for no answer."""
        self.end(b"")

    def end(self, data: bytes) -> None:
        """Writes the last that there is and closes: one packet, where it is short, for which the peer wakes up once."""
        if self._closing:
            return
        if not self._ready:
            self.abort()
            return
        if data:
            try:
                self._encrypt(data)
            except ssl.SSLError:
                self.abort()
                return
        with suppress(ssl.SSLError):  # the peer's own end has not come, and need not
            self._tls.unwrap()
        self._flush()
        self._closing = True
        self._below.close()

    def can_write_eof(self) -> bool:
        return False

    def abort(self) -> None:
        self._closing = True
        self._below.abort()

    def is_closing(self) -> bool:
        return self._closing or self._below.is_closing()

    def pause_reading(self) -> None:
        self._below.pause_reading()

    def resume_reading(self) -> None:
        self._below.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._below.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._below.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``handshake``: whether it is still under way."""
        if name == "handshake":
            return not self._ready
        return self._tls if name == "ssl_object" else self._below.get_extra_info(name, default)

    def _encrypt(self, data: Any) -> None:
        """What is long goes piece by piece: the bytes in memory need not grow for it, which takes longer than to
        encrypt."""
        rest = memoryview(data)
        while len(rest) > WRITE_BYTES:
            self._tls.write(rest[:WRITE_BYTES])
            self._flush()
            rest = rest[WRITE_BYTES:]
        self._tls.write(rest)

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._below.write(self._outgoing.read())


def end(transport: asyncio.Transport, data: bytes) -> None:
    """Writes the last that there is on a connection, and closes it."""
    if isinstance(transport, Secure):
        transport.end(data)
    else:
        transport.write(data)
        transport.close()
