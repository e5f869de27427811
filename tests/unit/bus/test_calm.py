"""Whether a space only waits."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from stentor.bus.calm import SLOT_S, Calm, slot_end
from tests.support.wait import PATIENCE_S


async def test_who_sleeps_calmly_wakes_when_it_is_lively() -> None:
    """The long sleep ends at once."""
    calm = Calm(calm=True)
    sleeping = asyncio.create_task(calm.sleep(0.0, 3600.0))
    await asyncio.sleep(0)
    assert calm
    assert not sleeping.done()
    calm.set(False)
    async with asyncio.timeout(PATIENCE_S):
        await sleeping
        await calm.sleep(0.0, 3600.0)
    assert not calm


@given(now=st.floats(0, 1e7), length_s=st.floats(0, 60))
def test_calm_sleeps_end_together(now: float, length_s: float) -> None:
    """None is cut short, and all of a quarter of a second end at one moment."""
    end = slot_end(now, length_s)
    assert 0 <= end - now - length_s + 1e-6 <= SLOT_S + 2e-6
    assert end % SLOT_S == 0
