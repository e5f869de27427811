"""Whether a space only waits."""

from __future__ import annotations

import asyncio

from stentor.bus.calm import Calm


async def test_who_sleeps_calmly_wakes_when_it_is_lively() -> None:
    """The long sleep ends at once."""
    calm = Calm(calm=True)
    sleeping = asyncio.create_task(calm.sleep(0.0, 3600.0))
    await asyncio.sleep(0)
    assert calm
    assert not sleeping.done()
    calm.set(False)
    async with asyncio.timeout(10):
        await sleeping
        await calm.sleep(0.0, 3600.0)
    assert not calm
