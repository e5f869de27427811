"""What an edge process has to carry, measured by itself: what the ladder climbs by."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import NamedTuple, Protocol

from stentor.crowd.ladder import Load
from stentor.edge.fanout import Counters

LOOK_S = 0.1
"""How often the loop is asked whether it is late."""
ROLL_S = 0.64
WINDOW_S = 3.84
"""Measured over so long: a stop of a moment, such as a new space, is no overload. Twelve chunks, two writes of the
coarsest rung: with any other length what is sent would seem to swing."""


class Counted(Protocol):
    """What a worker counts."""

    @property
    def counters(self) -> Counters: ...
    @property
    def replied_bytes(self) -> int: ...


class _Sample(NamedTuple):
    at: float
    cpu_s: float
    sent_bytes: int
    chunks: int
    skipped: int
    late_s: float
    looks: int


class Meter:
    """The load of this process over the last :data:`WINDOW_S`. ``line_bps`` is its share of the line, 0 if unknown,
    ``processors`` how much of one it may count on: less than 1 where there are more edges than processors.
    """

    def __init__(self, worker: Counted, *, line_bps: float = 0.0, processors: float = 1.0) -> None:
        self.load = Load()
        self.out_bps = 0.0
        self._worker = worker
        self.line_bps, self._processors = line_bps, processors
        self._late_s, self._looks = 0.0, 0
        self._samples: deque[_Sample] = deque(maxlen=round(WINDOW_S / ROLL_S) + 1)

    async def run(self) -> None:
        """Measures for ever."""
        loop = asyncio.get_running_loop()
        self.roll(loop.time())
        rolled = loop.time()
        while True:
            due = loop.time() + LOOK_S
            await asyncio.sleep(LOOK_S)
            now = loop.time()
            self.look(now - due)
            if now - rolled >= ROLL_S:
                rolled = now
                self.roll(now)

    def look(self, late_s: float) -> None:
        """The loop came ``late_s`` after it was due."""
        self._late_s += max(0.0, late_s)
        self._looks += 1

    def roll(self, now: float) -> None:
        """Takes a sample at ``now`` (monotonic seconds) and compares it with the oldest that is kept."""
        counters = self._worker.counters
        sent_bytes = counters.bytes_sent + self._worker.replied_bytes
        new = _Sample(
            now, time.process_time(), sent_bytes, counters.chunks, counters.skipped, self._late_s, self._looks
        )
        self._samples.append(new)
        old = self._samples[0]
        passed_s = new.at - old.at
        if passed_s <= 0:
            return
        self.out_bps = 8 * (new.sent_bytes - old.sent_bytes) / passed_s
        skipped = new.skipped - old.skipped
        self.load = Load(
            line=self.out_bps / self.line_bps if self.line_bps else 0.0,
            cpu=(new.cpu_s - old.cpu_s) / passed_s / self._processors,
            lag=(new.late_s - old.late_s) / max(1, new.looks - old.looks),
            slow=skipped / max(1, skipped + new.chunks - old.chunks),
        )
