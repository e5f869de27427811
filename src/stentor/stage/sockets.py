"""The UDP sockets of connections: the event loop wakes up for each datagram, or whoever has a clock looks for them.

A stage needs what has come when its tick is due, and no sooner. So its sockets wait in the kernel, which notes when
each datagram came, and one look takes them all: the loop is not woken 50 times a second by each speaker.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aioice.ice import StunProtocol

MAX_AT_ONCE = 256
"""Datagrams that one look takes: 5 s of sound. The port is open to strangers; what is beyond waits, or the kernel drops
it."""
MAX_DATAGRAM_BYTES = 2048
"""Media and handshakes keep below an Ethernet's 1500; what is cut here does not verify."""
_STAMP = struct.Struct("@ll")
_SPACE = socket.CMSG_SPACE(_STAMP.size)
_STAMPED = 35 if sys.platform == "linux" else None
"""SO_TIMESTAMPNS (socket(7)), which the module does not name."""
_LATEST_S = 5.0
"""No datagram waits longer; a greater age means that the clock was set."""


class PatientSocket(asyncio.DatagramTransport):
    """A socket that is read as datagrams come, until the first :meth:`collect`; from then on only by that.

    ``heard(datagram, age_s)`` takes media, ``age_s`` being how long ago it came; everything else goes to the protocol.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: StunProtocol,
        heard: Callable[[bytes, float], bool],
    ) -> None:  # fmt: skip
        super().__init__({"socket": sock, "sockname": sock.getsockname()})
        self._loop, self._sock, self._protocol, self._heard = loop, sock, protocol, heard
        self._closed = False
        self._waited_for = True
        sock.setblocking(False)
        if _STAMPED is not None:
            with suppress(OSError):  # then a datagram came when it is read
                sock.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        loop.add_reader(sock.fileno(), self._read)
        protocol.connection_made(self)

    def collect(self) -> None:
        """Takes what has come since the last time."""
        if self._closed:
            return
        if self._waited_for:
            self._waited_for = False
            self._loop.remove_reader(self._sock.fileno())
        self._read()

    def _read(self) -> None:
        for _ in range(MAX_AT_ONCE):
            try:
                datagram, told, _, address = self._sock.recvmsg(MAX_DATAGRAM_BYTES, _SPACE)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._protocol.error_received(error)
                return
            if not self._heard(datagram, _age_s(told)):
                self._protocol.datagram_received(datagram, address)
            if self._closed:
                return

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Sends now or not at all, as networks do."""
        if self._closed:
            return
        try:
            self._sock.sendto(data, addr)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._protocol.error_received(error)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._waited_for:
            self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()


def _age_s(told: list[tuple[int, int, bytes]]) -> float:
    """How long ago the kernel took the datagram."""
    if not told or len(told[0][2]) != _STAMP.size:
        return 0.0
    seconds, nanoseconds = _STAMP.unpack(told[0][2])
    age_s: float = time.time() - seconds - nanoseconds * 1e-9
    return min(_LATEST_S, max(0.0, age_s))


def bound(local_addr: tuple[str, int]) -> socket.socket:
    """A UDP socket on an address of this machine; raises OSError."""
    found = socket.getaddrinfo(*local_addr[:2], type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    family, kind, number, _, address = found[0]
    sock = socket.socket(family, kind, number)
    try:
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock
