"""Hold loops out of the store."""

from __future__ import annotations

import pytest

from stentor.audio.music import TITLE
from stentor.store import loops
from stentor.store.loops import HoldLoops
from stentor.store.objects import Objects
from tests.support.air import music, music_object


async def test_a_loop_is_fetched_once() -> None:
    """It stays when the store forgets it."""
    objects = Objects.open("memory://")
    await objects.put("hold/mine", music_object())
    loops = HoldLoops(objects)
    first = await loops.get("mine")
    await objects.delete("hold/mine")
    assert (await loops.get("mine")).loop is first.loop
    assert (first.name, first.loop.label) == ("mine", music().label)


async def test_a_damaged_loop_is_replaced_by_the_default() -> None:
    """Music there will be."""
    objects = Objects.open("memory://")
    await objects.put("hold/mine", b"garbage")
    await objects.put("hold/default", music_object())
    found = await HoldLoops(objects).get("mine")
    assert (found.name, found.loop.label) == ("default", music().label)


async def test_an_empty_store_makes_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store has nothing, the loop is encoded here: the doors are open."""
    monkeypatch.setattr(loops, "TRY_S", 0.0)
    assert (await HoldLoops(Objects.open("memory://")).get("mine")).loop.label == TITLE
