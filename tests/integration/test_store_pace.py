"""The budget of arrivals where many send at once, over several processes' connections to one database."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from stentor.crowd import pace
from stentor.house.pace.budget import ArrivalBudget
from stentor.store.pace import PaceTable
from stentor.store.reach import ReachTable
from stentor.store.spaces import Store

NOW_S = 1_900_000_000.0
PER_S = 50.0


async def test_ten_that_send_at_once_stay_within_it(tmp_path: Path) -> None:
    """Each asks for its moments when it wants, in groups of any size: in no second more come than the site bears."""
    address = f"sqlite:///{tmp_path}/db"
    stores = [await Store.open(address) for _ in range(2)]
    told: list[tuple[int, int]] = []

    async def sender(number: int) -> None:
        work = stores[number % len(stores)].work
        budget = ArrivalBudget(PaceTable(work), ReachTable(work), lambda: NOW_S, lambda: (1, 0), lambda: PER_S)
        for groups in ([40, 3], [1], [7] * (number + 1)):
            told.extend(zip(await budget.moments(groups), groups, strict=True))

    try:
        await asyncio.gather(*(sender(number) for number in range(10)))
    finally:
        for each in stores:
            await each.close()
    told.sort()
    assert len(told) == 10 * 3 + 55
    for (before_ms, people), (after_ms, _) in pairwise(told):
        assert after_ms - before_ms >= people * pace.RESPONSE * 1000 / (pace.SHARE * PER_S) - 1
    assert max(pace.coming(told, told[-1][0] + 600_000)) <= PER_S


async def test_how_many_come_is_measured_by_reminders(tmp_path: Path) -> None:
    """Of spaces that are over, and not by posts elsewhere, whose links are others'."""
    store = await Store.open(f"sqlite:///{tmp_path}/db")
    try:
        reach = ReachTable(store.work)
        await reach.sent("one", "mail", sent=3000, told=1000)
        await reach.sent("one", "fediverse", sent=50, told=90_000)
        assert await reach.measured() == (0, 0)
        await reach.came("one", {"mail": 100, "push": 7}, now_ms=1)
        assert await reach.measured() == (1000, 100)
        found = await reach.of("one")
        assert (found["mail"].sent, found["mail"].came, found["push"].came, found["fediverse"].came) == (
            3000,
            100,
            7,
            0,
        )
    finally:
        await store.close()
