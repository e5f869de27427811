"""One listener's line: a socket that never blocks, plain or TLS, perhaps slow, perhaps from an address of its own."""

from __future__ import annotations

import select
import socket
import ssl
from contextlib import suppress
from typing import Final

from stentor.rehearsal.order import CrowdOrder

READ_BYTES: Final = 1 << 16
SLOW_READ_BYTES: Final = 2048
"""What a slow line takes at once, and twice that is what its socket keeps."""
SKIP: Final = socket.MSG_TRUNC
"""Linux, ``tcp(7)``: what came is counted and thrown away."""
NO_PORT_YET: Final = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)
"""Linux, ``ip(7)``: the port is chosen at ``connect``, so that 28,000 connections of one address are possible."""


def trusting_nobody() -> ssl.SSLContext:
    """TLS as a browser speaks it, but for whose certificate it is: a rehearsal sends nothing that must not be seen."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class PlayerSocket:
    """From ``connect`` to ``close``. What cannot go on now raises ``BlockingIOError``, what broke ``OSError``."""

    __slots__ = ("_handshake", "_secure", "_socket", "skip", "slow")

    def __init__(self, order: CrowdOrder, source: str, *, slow: bool, context: ssl.SSLContext | None) -> None:
        plain = socket.socket()
        plain.setblocking(False)
        self.slow = slow
        self.skip = None if slow or context is not None else plain.recv_into
        """Of a fast, plain line: with a buffer, its length and :data:`SKIP` it takes what came without copying it."""
        self._handshake = context is not None
        self._secure = context is not None
        self._socket: socket.socket = plain
        try:
            if slow:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_READ_BYTES)
            if source:
                plain.setsockopt(socket.IPPROTO_IP, NO_PORT_YET, 1)
                plain.bind((source, 0))
            with suppress(BlockingIOError):
                plain.connect((order.address, order.port))
            if context is not None:
                self._socket = context.wrap_socket(plain, do_handshake_on_connect=False, server_hostname=order.host)
        except OSError:
            plain.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def established(self) -> bool:
        """Nothing but TCP's own handshake is missing."""
        return not self._handshake

    def ready(self) -> bool:
        """Called when the system says that something goes on: whether requests can be sent."""
        if self._handshake:
            try:
                self._socket.do_handshake()  # type: ignore[attr-defined]
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            self._handshake = False
        return True

    @property
    def waits_for(self) -> int:
        """The events that matter while the connection is being made."""
        return select.EPOLLIN if self._handshake else select.EPOLLIN | select.EPOLLOUT

    def send(self, request: bytes) -> None:
        """A request: some hundred bytes, which an empty socket takes whole."""
        self._socket.send(request)

    def receive_into(self, buffer: memoryview) -> int:
        """How many bytes came; 0 when the other end has closed."""
        try:
            return self._socket.recv_into(buffer[:SLOW_READ_BYTES] if self.slow else buffer)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise BlockingIOError from error

    @property
    def pending(self) -> bool:
        """TLS has more already, of which the system knows nothing."""
        return self._secure and self._socket.pending() > 0  # type: ignore[attr-defined]

    def close(self) -> None:
        self._socket.close()
