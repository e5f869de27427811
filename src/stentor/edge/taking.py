"""Whether listeners take what they are sent: two looks at each stream, by what the other side has not acknowledged yet.

A line that is slow takes something; who takes nothing keeps a place for as long as its buffers last, half a minute
and more. Buffers differ: with small ones nothing more is taken after the first seconds, with usual ones after twenty.
A listener that plays has taken everything before the next second's sound is written, so that one number, which is
nought, says enough; only where it is not are two moments compared.
"""

from __future__ import annotations

import socket
import struct
from array import array
from collections import deque
from contextlib import suppress
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Final

from stentor.edge.protocol import Connection

LOOKS_S: Final = (4.0, 26.0)
"""From the beginning of a stream to the first look, and from there to the second."""
TOGETHER_S: Final = 1.0
"""Those that begin within so long are looked at together, when the last of them is due."""
AGAIN_S: Final = 4.0
"""Who had not taken all is looked at again after so long, and as often as it has taken nothing since: it may go on."""
NOTHING_BYTES: Final = 2048
"""In four seconds: the slowest rendition needs six times as much."""
_INFO_BYTES, _ACKNOWLEDGED_AT = 128, 120
"""``tcpi_bytes_acked`` (tcp(7), Linux 4.1)."""
_UNKNOWN: Final = -1


class Taking:
    """The streams of one edge. A look costs under a microsecond (``bench.evidence``), a write nothing."""

    def __init__(self) -> None:
        self._begun: deque[tuple[float, list[Connection]]] = deque()
        """When those of one second are looked at first."""
        self._seen: deque[tuple[float, list[Connection], array[int]]] = deque()
        """When they are looked at again, and their descriptors."""
        self._doubted: deque[tuple[float, Connection, int]] = deque()
        """When each is compared, and what it had acknowledged."""
        self._left = array("i", (0,))

    def add(self, connection: Connection, now: float) -> None:
        """A stream begins."""
        begun = self._begun
        if not begun or begun[-1][0] < now + LOOKS_S[0]:
            begun.append((now + LOOKS_S[0] + TOGETHER_S, []))
        begun[-1][1].append(connection)

    def look(self, now: float) -> None:
        """At those whose time has come; once a second."""
        while self._begun and self._begun[0][0] <= now:
            came = self._begun.popleft()[1]
            lines = array("i", map(_descriptor, came))
            self._seen.append((now + LOOKS_S[1], came, lines))
            self._look_at(came, lines, now)
        while self._seen and self._seen[0][0] <= now:
            self._look_at(*self._seen.popleft()[1:], now)
        while self._doubted and self._doubted[0][0] <= now:
            _, connection, before = self._doubted.popleft()
            taken = _taken(connection)
            if taken is None:
                continue
            choked(connection, now=taken - before < NOTHING_BYTES)
            if connection.choked:
                self._doubted.append((now + AGAIN_S, connection, taken))

    def _look_at(self, connections: list[Connection], lines: array[int], now: float) -> None:
        """Doubts those to whom something was sent, or is to be sent, that is not acknowledged (SIOCOUTQ, tcp(7))."""
        left = self._left
        for connection, descriptor in zip(connections, lines, strict=True):
            if connection.group is None:  # it hears no more, and the descriptor may be another's
                continue
            try:
                ioctl(descriptor, TIOCOUTQ, left)
            except (OSError, ValueError):  # the system does not say
                continue
            if left[0] > 0:
                self._doubt(connection, now)

    def _doubt(self, connection: Connection, now: float) -> None:
        taken = _taken(connection)
        if taken is not None and not connection.choked:  # one that is choked is looked at anyway
            self._doubted.append((now + AGAIN_S, connection, taken))


def choked(connection: Connection, *, now: bool) -> None:
    """Counts it for its source, or no longer."""
    if connection.choked is not now:
        connection.choked = now
        if connection.trace is not None:
            connection.trace.choked += 1 if now else -1


def _descriptor(connection: Connection) -> int:
    if connection.group is None:
        return _UNKNOWN
    line = connection.transport.get_extra_info("socket")
    return _UNKNOWN if line is None else int(line.fileno())


def _taken(connection: Connection) -> int | None:
    """Bytes that the other side has acknowledged; None when it hears no more, or the system does not say."""
    if connection.group is None:
        return None
    with suppress(OSError, AttributeError, struct.error):
        told = connection.transport.get_extra_info("socket").getsockopt(
            socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES
        )
        return int(struct.unpack_from("Q", told, _ACKNOWLEDGED_AT)[0])
    return None
