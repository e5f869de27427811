"""The public list of spaces under many who ask."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from stentor.base.units import SpaceId
from stentor.house.spaces import newest
from stentor.house.spaces.newest import Newest
from stentor.spaces.rules import decide
from stentor.store.spaces import Store
from tests.support.spaces import CREATE, NOW


async def test_a_crowd_costs_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred at once are answered from one look; a change shows at once, somebody else's after a moment."""
    store = await Store.open(f"sqlite:///{tmp_path / 'stentor.db'}")
    looks = 0
    look = store.list

    async def counted(limit: int) -> object:
        nonlocal looks
        looks += 1
        return await look(limit=limit)

    monkeypatch.setattr(store, "list", counted)
    spaces = Newest(store)
    assert await asyncio.gather(*(spaces.get() for _ in range(100))) == [[]] * 100
    assert looks == 1
    await store.create(decide(None, CREATE, NOW))
    spaces.changed()
    assert [space.id for space in await spaces.get()] == ["talk"]
    await store.create(decide(None, msgspec.structs.replace(CREATE, id=SpaceId("other")), NOW))
    assert len(await spaces.get()) == 1
    monkeypatch.setattr(newest, "KEPT_S", 0.0)
    assert len(await spaces.get()) == 2
    await store.close()
