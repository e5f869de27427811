"""How an edge that is told to go moves its listeners away: spread over time, each between two chunks.

Where other edges listen on the same port, those who come are theirs at once. Where none does, something in front has to
notice: ``/healthz`` says no, and whoever comes is still served, for :data:`NOTICE_S`. Then nobody comes any more, and
the connections end one after the other; a player that comes back has 3 s of sound to bridge the way to another edge.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Sequence

from stentor.base import log
from stentor.base.drain import Drain
from stentor.edge import sockets
from stentor.edge.worker import Worker

NOTICE_S = 6.0
"""Balancers look every two seconds or so and believe it at the third time."""
NOTICE_SHARE = 0.2
"""No more than this of the whole time."""
LEAST_PER_S = 10.0
"""Connections that end in a second however much time there is: nobody is spared anything by fewer."""
STEP_S = 0.05
LAST_S = 1.0
"""At least so long may what is still being sent take after that; a download has the whole time."""


class Leaving:
    """One edge's way out. ``over_s`` is how long it may take in all."""

    def __init__(
        self,
        worker: Worker,
        servers: Sequence[asyncio.Server],
        listening: Sequence[socket.socket],
        *,
        over_s: float,
    ) -> None:
        self._worker, self._servers, self._sockets = worker, servers, listening
        self._over_s = max(0.0, over_s)
        self._log = log.get("edge")

    async def run(self, drain: Drain) -> None:
        """Waits until the edge is told to go, and returns when everybody has gone, or the time is over."""
        await drain.asked()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._over_s
        self._worker.leaving = True
        self._log.info("edge-leaving", connections=self._worker.open, over_s=self._over_s)
        if not sockets.shared(self._sockets):
            await self._until_nobody(min(NOTICE_S, NOTICE_SHARE * self._over_s))
        self._worker.places = 0
        for server in self._servers:
            server.close()
        for one in self._sockets:
            one.close()
        await self._move(end - loop.time())
        await self._until_nobody(max(LAST_S, end - loop.time()))
        self._log.info("edge-left", cut=self._worker.open)

    async def _move(self, over_s: float) -> None:
        """Ends all connections there are, evenly over ``over_s``; those of requests under way end after their reply."""
        loop = asyncio.get_running_loop()
        begun, staying = loop.time(), self._worker.connections
        count, gone = len(staying), 0
        while gone < count:
            for connection in staying[gone : (due := due_by(loop.time() - begun, count, over_s))]:
                connection.go()
            gone = max(gone, due)
            await asyncio.sleep(STEP_S)
        for connection in self._worker.connections:  # the kernel had taken them before the port was closed
            connection.go()

    async def _until_nobody(self, within_s: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while True:
            if not self._worker.open or loop.time() >= end:
                return
            await asyncio.sleep(STEP_S)


def due_by(passed_s: float, count: int, over_s: float) -> int:
    """How many of ``count`` connections have ended after ``passed_s``, when the last is to end after ``over_s``."""
    within_s = min(over_s, count / LEAST_PER_S)
    return count if passed_s >= within_s else math.floor(count * passed_s / within_s)
