"""How long tests wait, and waiting for a condition with its reason.

No test judges how fast this machine is: others use it at the same time, and what takes a second when it is quiet can
take thirty. Waiting long costs nothing while all is well. So there is one limit for everything that a test waits for
(:data:`PATIENCE_S`), in all of them. Shorter is only what asserts a time, which is marked ``realtime``, and a wait in
which nothing is expected to happen. ``tests/unit/support/test_patience.py`` holds that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "STENTOR_TEST_PATIENCE"
"""By how much the limit is longer in a second try (``tests.support.twice``)."""
PATIENCE_S: Final = 60.0 * float(os.environ.get(VARIABLE, "1"))


async def eventually(condition: Callable[[], bool], reason: str, *, within_s: float = PATIENCE_S) -> None:
    """Returns when the condition holds; fails with the reason after ``within_s``."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"waited {within_s:.0f} s in vain: {reason}")
        await asyncio.sleep(0.02)


class patiently:  # noqa: N801 (it reads as a function)
    """``async for _ in patiently():`` goes round twenty times a second until one leaves it, for so long: for
    conditions that others are asked for."""

    def __init__(self, *, within_s: float = PATIENCE_S) -> None:
        self._within_s, self._deadline = within_s, 0.0

    def __aiter__(self) -> patiently:
        return self

    async def __anext__(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._deadline:
            self._deadline = now + self._within_s
            return
        if now > self._deadline:
            raise StopAsyncIteration
        await asyncio.sleep(0.05)
