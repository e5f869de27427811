"""One destination of a simulcast: keeps the connection, and loses pictures before it loses sound.

Nothing here ever makes the others wait: what is sent is put into a queue of its own, and a slow line empties it late.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.grid import CHUNK_MS
from stentor.courier.simulcast.line import DestinationLine, LineBroken, Sent
from stentor.courier.simulcast.words import SentDestination
from stentor.spaces.simulcast import DestinationSeen, DestinationState

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 30.0
"""A connection that lasted so long is taken up again at once."""
LATE_MS: Final = 2000
"""A line that is so far behind gets no more pictures until it has caught up."""
LOST_MS: Final = 20_000
"""One that is so far behind with the sound alone is given up, and connected anew."""
STUCK_S: Final = 20.0
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
        self._queue: deque[Sent] = deque()
        self._news = asyncio.Event()
        self._state, self._trouble, self._words = DestinationState.CONNECTING, "", ""
        self._since_ms = clock_ms()
        self._dropped = self._bytes = self._times = 0
        self._no_pictures = False
        """Until one comes that stands alone."""
        self._slow = False
        self._open: DestinationLine | None = None
        self._log = log.get("simulcast")

    @property
    def seen(self) -> DestinationSeen:
        """How it stands."""
        return DestinationSeen(
            self.told.number, self._state, self._trouble, self._words, self._since_ms, self._dropped, self._bytes,
            self._times, self.told.name,
        )  # fmt: skip

    def put(self, sent: Sent) -> None:
        """Takes sound or a picture; never waits."""
        if self._state is not DestinationState.LIVE:
            return
        behind_ms = sent.at_ms - self._queue[0].at_ms if self._queue else 0
        late = behind_ms > LATE_MS or (self._open is not None and self._open.late)
        if late:
            waiting = len(self._queue)
            self._queue = deque(each for each in self._queue if each.picture is None)
            self._dropped += waiting - len(self._queue)
            self._slow = self._no_pictures = True
        if sent.picture is not None:
            if self._no_pictures and ((self._slow and late) or not sent.picture.key):
                self._dropped += self._slow
                return
            self._slow = self._no_pictures = False
        self._queue.append(sent)
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
            self._queue.clear()
            self._no_pictures, self._slow = True, False
            self._now(DestinationState.LIVE)
            self._open = line
            await self._pump(line)
        finally:
            self._open = None
            await line.close()

    async def _pump(self, line: DestinationLine) -> None:
        first_ms = None
        while True:
            while not self._queue:
                self._news.clear()
                await self._news.wait()
            sent = self._queue[0]
            if self._queue[-1].at_ms - sent.at_ms > LOST_MS:
                raise LineBroken("It takes less than the sound alone needs.", code="too-slow")
            if first_ms is None:  # sound goes a chunk at a time: a picture from the middle of one comes after it
                first_ms = sent.at_ms - CHUNK_MS
            at_ms = max(0, sent.at_ms - first_ms)
            try:
                async with asyncio.timeout(STUCK_S):
                    self._bytes += await line.send(at_ms, sent)
            except TimeoutError as error:
                raise LineBroken("It takes nothing any more.", code="too-slow") from error
            if self._queue and self._queue[0] is sent:
                self._queue.popleft()

    def _now(self, state: DestinationState, trouble: str = "", words: str = "") -> None:
        if state is not self._state:
            self._since_ms = self._clock_ms()
        for secret in msgspec.structs.astuple(self.told.secret):
            if len(secret) >= SECRET:  # a server may repeat what it was told (restreamer #107)
                words = words.replace(secret, "…")
        self._state, self._trouble, self._words = state, trouble, words
