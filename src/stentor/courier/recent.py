"""What was made a moment ago, for many who want the same at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

from stentor.base.clock import Clock

MOST: Final = 1000
Made = TypeVar("Made")


class Recent(Generic[Made]):
    """Each is made once in ``seconds``, however many ask meanwhile; one that failed is made again by who asks next."""

    def __init__(self, seconds: float, monotonic: Clock) -> None:
        self._seconds, self._monotonic = seconds, monotonic
        self._made: dict[Hashable, tuple[float, asyncio.Future[Made]]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Made]]) -> Made:
        """What ``key`` names. Raises what ``make`` raises, to all who wait for it."""
        now = self._monotonic()
        at, making = self._made.get(key, (float("-inf"), None))
        if making is None or now - at > self._seconds or _failed(making):
            self._forget(now)
            making = asyncio.ensure_future(make())
            self._made[key] = now, making
        return await asyncio.shield(making)

    def _forget(self, now: float) -> None:
        if len(self._made) >= MOST:
            self._made = {key: each for key, each in self._made.items() if now - each[0] <= self._seconds}


def _failed(making: asyncio.Future[Made]) -> bool:
    return making.done() and (making.cancelled() or making.exception() is not None)
