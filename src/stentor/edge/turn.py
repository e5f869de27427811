"""One turn of the event loop: so much of it is for public requests, and what is more waits for the next.

A flood fills each turn with as many requests as it has connections. What the edge passes on to the house crosses the
loop several times, and would wait for all of them each time: it does not wait here, so that it waits for one share.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter
from typing import Final

from stentor.edge.protocol import Answers, Connection
from stentor.wire.http import Request

SHARE_S: Final = 0.00025
"""About seven files; a turn that passes nothing on costs some microseconds."""


class LoopTurn:
    """What one turn has left, and what waits for the next."""

    def __init__(self, share_s: float = SHARE_S) -> None:
        self._share_s = share_s
        self._loop = asyncio.get_running_loop()
        self._until = 0.0
        """When the share of this turn is used up, by the process's clock; 0 before its first request."""
        self._line: deque[tuple[Connection, Request]] = deque()

    def room(self) -> bool:
        """Whether this turn may answer another public request; its first begins the share."""
        if self._until:
            return perf_counter() <= self._until
        self._begin()
        return True

    def wait(self, connection: Connection, request: Request, answers: Answers) -> None:
        """Lets a request stand in the line; its connection is told to :meth:`Connection.resume`."""
        self._line.append((connection, request))
        connection.put_off(request, answers)

    def _begin(self) -> None:
        self._until = perf_counter() + self._share_s
        self._loop.call_soon(self._next)

    def _next(self) -> None:
        """A new turn: first those that stand in the line."""
        self._until = 0.0
        if not self._line:
            return
        self._begin()
        while self._line:
            connection, request = self._line.popleft()
            connection.resume(request)
            if perf_counter() > self._until:
                break
