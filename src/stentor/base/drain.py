"""A process that is told to go hands over its work first: by SIGTERM or ``stentor drain``; a second signal ends it.

The process makes one :class:`Drain`; its role asks for :meth:`Drain.asked` once there is something to hand over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

STOP_S = 2.5
"""Half of what the supervisor leaves a process before it kills it."""


class Drain:
    """Whether this process has been told to go."""

    def __init__(self) -> None:
        self.heeded = False
        """The role is up and will see to it; before that it can be ended at once."""
        self._asked = asyncio.Event()

    @property
    def begun(self) -> bool:
        return self._asked.is_set()

    def begin(self) -> None:
        """Tells the role; it may be said more than once."""
        self._asked.set()

    async def asked(self) -> None:
        """Returns when the process is told to go."""
        self.heeded = True
        await self._asked.wait()


async def ended(tasks: Iterable[asyncio.Task[Any]], within_s: float = STOP_S) -> None:
    """Cancels tasks and waits until they have done what they do at their end, so long at most."""
    cancelled = [task for task in tasks if task.cancel()]
    if cancelled:
        await asyncio.wait(cancelled, timeout=within_s)


async def until(handed_over: Coroutine[Any, Any, None], work: Coroutine[Any, Any, None]) -> None:
    """Runs ``work`` until ``handed_over`` returns; then cancels it, and all is well. An error of either is raised."""
    tasks = [asyncio.create_task(work, name="work"), asyncio.create_task(handed_over, name="hand over")]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()
