"""Waiting for a condition, with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def eventually(condition: Callable[[], bool], reason: str, *, within_s: float = 40.0) -> None:
    """Returns when the condition holds; fails with the reason after ``within_s``."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"waited {within_s:.0f} s in vain: {reason}")
        await asyncio.sleep(0.02)
