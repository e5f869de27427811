"""Whether listeners take what they are sent: a few looks at each stream, by what the other side has acknowledged.

A line that is slow takes something; who takes nothing keeps a place for as long as its buffers last, half a minute
and more. Buffers differ: with small ones nothing more is taken after the first seconds, with usual ones after twenty.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from contextlib import suppress
from typing import Final

from stentor.edge.protocol import Connection

LOOKS_S: Final = (4.0, 4.0, 22.0, 4.0)
"""From one look at a stream to the next; the second and the last compare."""
AGAIN_S: Final = 4.0
"""Who took nothing is looked at as often, since it may go on."""
NOTHING_BYTES: Final = 2048
"""In four seconds: the slowest rendition needs six times as much."""
_INFO_BYTES, _ACKNOWLEDGED_AT = 128, 120
"""``tcpi_bytes_acked`` (tcp(7), Linux 4.1)."""


class Taking:
    """The streams of one edge. Three microseconds a look, four looks a stream, nothing a write."""

    def __init__(self) -> None:
        self._rounds: list[deque[tuple[float, Connection, int]]] = [deque() for _ in LOOKS_S]
        self._stuck: deque[tuple[float, Connection, int]] = deque()

    def add(self, connection: Connection, now: float) -> None:
        """A stream begins."""
        if connection.trace is not None:
            self._rounds[0].append((now + LOOKS_S[0], connection, 0))

    def look(self, now: float) -> None:
        """At those whose time has come; once a second."""
        for number, waiting in enumerate(self._rounds):
            while waiting and waiting[0][0] <= now:
                _, connection, before = waiting.popleft()
                taken = _taken(connection)
                if taken is None:
                    continue
                if number % 2 and self._compared(connection, taken - before):
                    self._stuck.append((now + AGAIN_S, connection, taken))
                if number + 1 < len(LOOKS_S):
                    self._rounds[number + 1].append((now + LOOKS_S[number + 1], connection, taken))
        while self._stuck and self._stuck[0][0] <= now:
            _, connection, before = self._stuck.popleft()
            taken = _taken(connection)
            if taken is not None and self._compared(connection, taken - before):
                self._stuck.append((now + AGAIN_S, connection, taken))

    def _compared(self, connection: Connection, taken: int) -> bool:
        choked(connection, now=taken < NOTHING_BYTES)
        return connection.choked


def choked(connection: Connection, *, now: bool) -> None:
    """Counts it for its source, or no longer."""
    if connection.choked is not now:
        connection.choked = now
        if connection.trace is not None:
            connection.trace.choked += 1 if now else -1


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
