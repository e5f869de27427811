"""The collector of circles: what a process begins with is looked at no more, and old objects where it is calm."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from stentor.base import collector


class Link:
    """One of a circle of one."""

    def __init__(self) -> None:
        self.next = self


def there() -> int:
    return sum(type(each) is Link for each in gc.get_objects())


@pytest.fixture(autouse=True)
def by_hand() -> Iterator[None]:
    """The collector does nothing by itself, and is as it was afterwards."""
    before = gc.get_threshold()
    gc.collect()
    gc.disable()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def old_circle() -> None:
    """One that nobody needs any more when it is old."""
    link = Link()
    for _ in range(collector.DUE):
        gc.collect(1)
    del link


def test_old_objects_are_looked_at_where_it_is_calm() -> None:
    """Not those that were there at the beginning; a circle of later ones is found when a look is due."""
    collector.begin(collector.MANY)
    assert gc.get_threshold() == (*collector.YOUNG, collector.MANY)
    assert gc.get_freeze_count() > 0
    old_circle()
    collector.look(calm=False)
    assert there() == 1, "something is waited for"
    collector.look(calm=True)
    assert there() == 0
    late = Link()
    gc.collect(1)
    del late
    collector.look(calm=True)
    assert there() == 1, "it is not due"
    collector.end()
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, collector._PYTHONS)


def test_memory_does_not_grow_where_it_is_never_calm() -> None:
    """Circles that are made for ever are found by Python itself, after as many as it was told."""
    collector.begin(most=2)
    gc.enable()
    most = 0
    kept: list[list[Link]] = []
    for _ in range(40):
        kept.append([Link() for _ in range(700)])  # they are not new any more when they are let go
        if len(kept) > 20:
            kept.pop(0)
        most = max(most, there())
        collector.look(calm=False)
    assert most > 20 * 700, "none of them was kept"
    assert there() < 40 * 700, "none of them was found"
    gc.disable()


async def test_it_looks_each_second_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks whether it is calm, and gives the collector back to Python when it is cancelled."""
    monkeypatch.setattr(collector, "LOOK_S", 0.001)
    calm = False
    running = asyncio.create_task(collector.run(lambda: calm))
    await asyncio.sleep(0)
    old_circle()
    await asyncio.sleep(0.05)
    assert there() == 1
    calm = True
    await asyncio.sleep(0.05)
    assert there() == 0
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, collector._PYTHONS)
