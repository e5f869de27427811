"""All lines of a crowd's process: one epoll, one buffer. What comes over them is handed to the crowd."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from typing import Final, Protocol

from stentor.base.errors import Malformed
from stentor.rehearsal.line import READ_BYTES, SKIP, PlayerSocket, trusting_nobody
from stentor.rehearsal.order import CrowdOrder
from stentor.rehearsal.visitor import Visitor

EVENTS: Final = 4096
MANY: Final = 1000
"""Lines above which the process looks for what came every :data:`REST_S` only."""
REST_S: Final = 0.005
"""A process that is not woken for every write of the server costs both of them half as much; times are so exact."""


class Ends(Protocol):
    """Who sits at this end of the lines. Times are monotonic seconds."""

    def stands(self, visitor: Visitor, now: float) -> None:
        """His line stands: he may ask."""

    def came(self, visitor: Visitor, data: memoryview, now: float) -> None:
        """Something came that is no stream yet; ``data`` is good until this returns. May raise :class:`Malformed`."""

    def more(self, visitor: Visitor, size: int, now: float) -> None:
        """``size`` bytes more of a stream without end."""

    def paused(self, visitor: Visitor, size: int, now: float) -> None:
        """A slow line has taken ``size`` bytes, and nothing more until :meth:`Lines.read_on`."""

    def broken(self, visitor: Visitor, now: float) -> None:
        """His line broke, or what came over it made no sense."""


class Lines:
    """Every visitor has one line at most, in his ``line``."""

    def __init__(self, order: CrowdOrder, ends: Ends) -> None:
        self._order = order
        self._ends = ends
        self._epoll = select.epoll()
        self._open: dict[int, Visitor] = {}
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._polled = 0.0
        self._context = trusting_nobody() if order.secure else None

    def __iter__(self) -> Iterator[Visitor]:
        """Everybody who has one."""
        return iter(list(self._open.values()))

    def open(self, visitor: Visitor) -> None:
        """Gives him a line, which will stand in a moment. Raises ``OSError`` when there is none to be had."""
        visitor.line = line = PlayerSocket(self._order, visitor.source, slow=visitor.slow, context=self._context)
        self._open[line.fileno()] = visitor
        self._epoll.register(line.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def close(self, visitor: Visitor) -> None:
        """Takes his line away, if he has one."""
        if visitor.line is not None:
            del self._open[visitor.line.fileno()]
            self._epoll.unregister(visitor.line.fileno())
            visitor.line.close()
            visitor.line = None

    def read_on(self, visitor: Visitor) -> None:
        """A slow line can take more."""
        if visitor.line is not None:
            self._epoll.modify(visitor.line.fileno(), select.EPOLLIN)

    def poll(self, wait_s: float) -> None:
        """Waits so long for something to happen, and tells it."""
        if len(self._open) > MANY:
            rest_s = min(wait_s, self._polled + REST_S - time.monotonic())
            if rest_s > 0:
                time.sleep(rest_s)
                wait_s -= rest_s
        events = self._epoll.poll(wait_s, EVENTS)
        self._polled = now = time.monotonic()
        get, more, buffer = self._open.get, self._ends.more, self._buffer
        for fileno, event in events:
            visitor = get(fileno)
            if visitor is None or visitor.line is None:
                continue
            try:
                # The way of nearly all that comes: a stream whose bytes nobody looks at.
                if visitor.streaming and visitor.line.skip is not None:
                    size = visitor.line.skip(buffer, READ_BYTES, SKIP)
                    if size == 0:
                        raise ConnectionResetError
                    more(visitor, size, now)
                elif event & select.EPOLLOUT or not visitor.line.established:
                    self._make(visitor, visitor.line, now)
                else:
                    self._read(visitor, visitor.line, now)
            except BlockingIOError:
                continue
            except (OSError, Malformed):
                self._ends.broken(visitor, now)

    def _make(self, visitor: Visitor, line: PlayerSocket, now: float) -> None:
        """TCP stands, or TLS has got further."""
        if line.ready():
            self._epoll.modify(line.fileno(), select.EPOLLIN)
            self._ends.stands(visitor, now)
        else:
            self._epoll.modify(line.fileno(), line.waits_for)

    def _read(self, visitor: Visitor, line: PlayerSocket, now: float) -> None:
        while visitor.line is line:
            size = line.receive_into(self._buffer)
            if size == 0:
                raise ConnectionResetError
            if visitor.streaming:
                self._ends.more(visitor, size, now)
            else:
                self._ends.came(visitor, self._buffer[:size], now)
            if line.slow and visitor.line is line:
                self._epoll.modify(line.fileno(), 0)
                self._ends.paused(visitor, size, now)
                return
            if not line.pending:
                return
