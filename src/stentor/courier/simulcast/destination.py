"""One destination of a simulcast: keeps the connection, and loses pictures and no sound.

Nothing here ever makes the others wait: what is sent is put into a queue of its own, and a slow line empties it late.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.grid import CHUNK_MS
from stentor.courier.simulcast.backlog import DestinationQueue
from stentor.courier.simulcast.line import DestinationLine, LineBroken, Sent
from stentor.courier.simulcast.words import SentDestination
from stentor.spaces.simulcast import DestinationSeen, DestinationState

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 30.0
"""A connection that lasted so long is taken up again at once."""
STUCK_S: Final = 20.0
"""A line of which the other side confirms nothing for so long is given up, and connected anew."""
LATER_S: Final = 60.0
"""After the end so long is waited for a connection."""
SECRET: Final = 4
"""What is shorter stands in any sentence, and hides nothing."""


class Destination:
    """Keeps one connection until it is cancelled."""

    def __init__(
        self,
        told: SentDestination,
        line: Callable[[], DestinationLine],
        *,
        clock_ms: Callable[[], int],
        pause: float = 1.0,
    ) -> None:
        self.told = told
        self._line, self._clock_ms, self._pause = line, clock_ms, pause
        self._backlog = DestinationQueue()
        self._news = asyncio.Event()
        self._state, self._trouble, self._words = DestinationState.CONNECTING, "", ""
        self._since_ms = clock_ms()
        self._bytes = self._times = 0
        self._lost_s = 0.0
        self._open: DestinationLine | None = None
        self._log = log.get("simulcast")

    @property
    def seen(self) -> DestinationSeen:
        """How it stands."""
        backlog = self._backlog
        return DestinationSeen(
            self.told.number, self._state, self._trouble, self._words, self._since_ms, backlog.dropped, self._bytes,
            self._times, self.told.name, backlog.behind_ms, backlog.lost_ms,
        )  # fmt: skip

    @property
    def owes(self) -> bool:
        """Something is still to be sent, and there is a connection or may soon be one."""
        if self._open is not None:
            self._backlog.confirmed(self._open.waiting)
            if not self._open.told_at_once:
                return self._backlog.wait_s(time.monotonic()) is not None
        elif time.monotonic() - self._lost_s > LATER_S:
            return False
        return not self._backlog.empty

    def put(self, sent: Sent) -> None:
        """Takes sound or a picture; never waits. Who was never connected has missed nothing."""
        if self._times:
            self._backlog.put(sent, time.monotonic(), late=self._open is not None and self._open.late)
            self._news.set()

    async def run(self) -> None:
        """For ever."""
        pause = FIRST_PAUSE_S
        while True:
            began_ms = self._clock_ms()
            try:
                await self._once()
            except LineBroken as error:
                self._now(DestinationState.WAITING, error.error_code, error.said)
                self._log.warning("simulcast-broken", destination=self.told.number, code=error.error_code)
            except Exception:  # noqa: BLE001 whatever one server does: the others go on
                self._now(DestinationState.WAITING, "failed", "")
                self._log.exception("simulcast-failed", destination=self.told.number)
            pause = FIRST_PAUSE_S if self._clock_ms() - began_ms > STEADY_S * 1000 else pause
            await asyncio.sleep(pause * self._pause * random.uniform(0.7, 1.0))
            pause = min(2 * pause, LONGEST_PAUSE_S)
            self._now(DestinationState.CONNECTING, self._trouble, self._words)

    async def _once(self) -> None:
        line = self._line()
        try:
            await line.open()
            self._times += 1
            self._backlog.begin(time.monotonic(), line.speed)
            self._now(DestinationState.LIVE)
            self._open = line
            await self._pump(line)
        finally:
            if self._open is not None:
                self._backlog.confirmed(line.waiting)
                self._lost_s = time.monotonic()
            self._backlog.end()
            self._open = None
            await line.close()

    async def _pump(self, line: DestinationLine) -> None:
        first_ms = None
        while True:
            sent = await self._next()
            if first_ms is None:  # sound goes a chunk at a time: a picture from the middle of one comes after it
                first_ms = sent.at_ms - CHUNK_MS
            size = await _sent(line, max(0, sent.at_ms - first_ms), sent)
            self._bytes += size
            self._backlog.sent(size, time.monotonic())
            self._backlog.confirmed(line.waiting)

    async def _next(self) -> Sent:
        """What is to go now, once there is something."""
        while (wait_s := self._backlog.wait_s(time.monotonic())) is None or wait_s > 0:
            if wait_s is None:
                self._news.clear()
                await self._news.wait()
            else:
                await asyncio.sleep(wait_s)
        return self._backlog.take()

    def _now(self, state: DestinationState, trouble: str = "", words: str = "") -> None:
        if state is not self._state:
            self._since_ms = self._clock_ms()
        for secret in msgspec.structs.astuple(self.told.secret):
            if len(secret) >= SECRET:  # a server may repeat what it was told (restreamer #107)
                words = words.replace(secret, "…")
        self._state, self._trouble, self._words = state, trouble, words


async def _sent(line: DestinationLine, at_ms: int, sent: Sent) -> int:
    """Sends it, however long that takes while the other side confirms anything; the number of bytes. Raises
    :class:`LineBroken`."""
    task = asyncio.ensure_future(line.send(at_ms, sent))
    try:
        await asyncio.sleep(0)
        waiting = line.waiting
        while not (await asyncio.wait([task], timeout=STUCK_S))[0]:
            before, waiting = waiting, line.waiting
            if before == waiting:
                raise LineBroken("It takes nothing any more.", code="stalled")
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
