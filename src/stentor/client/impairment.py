"""A bad network on the sender's side: seeded loss and jitter, for rehearsals and benchmarks."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Final

from aiortc import RTCDtlsTransport

MAX_UNDER_WAY: Final = 100
"""Delayed packets at a time: two seconds of one speaker. What is beyond is lost, as in a full router."""


@dataclass(frozen=True)
class Impairment:
    """``loss`` is the probability (0 to 1) that a media packet never leaves; each that leaves is held back for a random
    time up to ``jitter_ms``. The same ``seed`` gives the same fate to the same packets.
    """

    loss: float = 0.0
    jitter_ms: float = 0.0
    seed: int = 1


class BadNetwork:
    """Stands between aiortc's sender and its encryption, so that what is lost keeps its sequence number.

    Replaces ``RTCDtlsTransport._send_rtp`` on one transport: private, so aiortc's minor version is pinned and a test
    holds it. RTCP passes untouched. ``close`` ends what is still held back.
    """

    def __init__(self, transport: RTCDtlsTransport, impairment: Impairment) -> None:
        self._send = transport._send_rtp
        self._impairment = impairment
        self._random = random.Random(impairment.seed)
        self._under_way: set[asyncio.Task[None]] = set()
        self.sent = 0
        self.lost = 0
        transport._send_rtp = self._impaired  # type: ignore[method-assign]

    async def _impaired(self, data: bytes) -> None:
        # RFC 5761, 4: in the second byte, 192 to 223 is RTCP.
        if len(data) > 1 and 192 <= data[1] <= 223:
            await self._send(data)
            return
        lost = self._random.random() < self._impairment.loss
        delay_s = self._random.random() * self._impairment.jitter_ms / 1000
        if lost or len(self._under_way) >= MAX_UNDER_WAY:
            self.lost += 1
            return
        self.sent += 1
        if delay_s == 0.0:
            await self._send(data)
            return
        task = asyncio.create_task(self._later(data, delay_s), name="delayed packet")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _later(self, data: bytes, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        try:
            await self._send(data)
        except ConnectionError:  # the connection closed meanwhile
            self.lost += 1

    async def close(self) -> None:
        """Drops what is held back."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
