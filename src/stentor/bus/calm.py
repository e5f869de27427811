"""Whether a space only waits: what is looked at often while it talks is looked at rarely until then."""

from __future__ import annotations

import asyncio
from contextlib import suppress


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
        """Sleeps so long; while it is calm ``calm_s``, or until it is lively."""
        if not self:
            await asyncio.sleep(lively_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(calm_s):
                await self._lively.wait()
