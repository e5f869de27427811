"""Limits on how often something may be done (``stentor.base.rate_limit``), on machines that are too slow for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import pytest

from stentor.base import rate_limit
from stentor.base.clock import unix_ms

HOUR_S: Final = 3600.0
MOST: Final = 60
"""Tries until one is refused: a burst, and what comes back meanwhile."""


@contextmanager
def without_refill() -> Iterator[None]:
    """Meanwhile nobody in this process gets a try back, however long the tests take for theirs."""
    with pytest.MonkeyPatch.context() as patch:
        began: list[float] = []  # by each clock that somebody reads

        def stopped(now: float) -> int:
            same = [each for each in began if 0 <= now - each < HOUR_S]
            if not same:
                began.append(now)
            return unix_ms(same[0] if same else now)

        patch.setattr(rate_limit, "unix_ms", stopped)
        yield


async def refused(ask: Callable[[], Awaitable[httpx.Response]], *, burst: int = 1) -> httpx.Response:
    """Asks until the answer is 429, and gives it: not before the burst is spent, however many tries come back."""
    for tries in range(MOST):
        if (answer := await ask()).status_code == 429:
            assert tries >= burst, f"{tries} of {burst} were let through"
            return answer
    raise AssertionError(f"{MOST} tries, and none was refused; the last is {answer.status_code}")
