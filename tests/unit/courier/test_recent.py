"""What many want at once is made once."""

from __future__ import annotations

import asyncio

import pytest

from stentor.courier.recent import Recent


class Maker:
    """Counts how often it has made something; fails as long as it is told to."""

    def __init__(self) -> None:
        self.count, self.failing, self.now = 0, 0, 0.0
        self.recent: Recent[int] = Recent(1.0, lambda: self.now)

    async def get(self, key: str = "a") -> int:
        return await self.recent.get(key, self.make)

    async def make(self) -> int:
        await asyncio.sleep(0)
        self.count += 1
        if self.count <= self.failing:
            raise ValueError
        return self.count


async def test_many_at_once_get_one_and_later_ones_another() -> None:
    """For a second; each key has its own."""
    maker = Maker()
    assert await asyncio.gather(*(maker.get() for _ in range(5))) == [1] * 5
    assert await maker.get("b") == 2
    maker.now = 0.9
    assert await maker.get() == 1
    maker.now = 1.1
    assert await maker.get() == 3


async def test_what_failed_is_made_again() -> None:
    """All who waited learn of it, whoever asks next does not."""
    maker = Maker()
    maker.failing = 1
    found = await asyncio.gather(*(maker.get() for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError] * 3
    assert await maker.get() == 2


async def test_one_who_gives_up_spoils_it_for_nobody() -> None:
    maker = Maker()
    first = asyncio.create_task(maker.get())
    await asyncio.sleep(0)
    second = asyncio.create_task(maker.get())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == 1
