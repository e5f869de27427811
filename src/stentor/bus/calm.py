"""Whether a space only waits: what is looked at often while it talks is looked at rarely until then."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress

SLOT_S = 0.25
"""Calm sleeps end together: what many spaces then ask of the bus goes out in one write, and comes back in few."""


def slot_end(now: float, length_s: float) -> float:
    """When a sleep of ``length_s`` that begins ``now`` ends: :data:`SLOT_S` later at most."""
    return math.ceil((now + length_s) / SLOT_S) * SLOT_S


class Calm:
    """One space as one process has it; lively until :meth:`set` says otherwise."""

    def __init__(self, *, calm: bool = False) -> None:
        self._lively = asyncio.Event()
        self.set(calm)

    def __bool__(self) -> bool:
        return not self._lively.is_set()

    def set(self, calm: bool) -> None:
        """From now on; who sleeps wakes when it is lively."""
        if calm:
            self._lively.clear()
        else:
            self._lively.set()

    async def sleep(self, lively_s: float, calm_s: float) -> None:
        """Sleeps so long; while it is calm ``calm_s`` and up to :data:`SLOT_S` more, or until it is lively."""
        if not self:
            await asyncio.sleep(lively_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout_at(slot_end(asyncio.get_running_loop().time(), calm_s)):
                await self._lively.wait()
