"""Whose spaces these are: seats by account, and limits for those who make spaces, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from stentor.base.errors import Conflict, Overloaded
from stentor.base.units import SpaceId
from stentor.spaces import commands as c
from stentor.spaces.events import Event
from stentor.spaces.model import Role
from stentor.spaces.rules import decide
from stentor.store.seats import DAY_MS, MakerLimits
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.spaces import BEN, CREATE, NOW

__all__ = ["database_url", "postgres"]

MANY = 1003
"""More than any list of spaces gives at once."""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


def creation(name: str, *, account: str = "", now: float = NOW) -> list[Event]:
    return decide(None, msgspec.structs.replace(CREATE, id=SpaceId(name), host_account=account), now)


async def test_all_spaces_of_an_account_are_found(store: Store) -> None:
    """However many spaces came after them; an export or a new picture leaves none out."""
    await store.create(creation("first", account="ada", now=NOW))
    for number in range(MANY):
        await store.create(creation(f"other-{number}", account="eve", now=NOW + 1 + number))
    await store.create(creation("last", account="ada", now=NOW + 5000))
    assert [space.id for space in await store.of_account("ada")] == ["last", "first"]
    assert len(await store.of_account("eve")) == MANY
    assert await store.of_account("nobody") == []


async def test_a_seat_that_comes_and_goes(store: Store) -> None:
    """What counts is who has a seat now."""
    await store.create(creation("talk", account="ada"))
    await store.change("talk", lambda before: decide(before, c.GiveSeat(BEN, "Ben", Role.SPEAKER), NOW))
    assert await store.of_account("ben") == []
    await store.change("talk", lambda before: decide(before, c.ClaimSeat(BEN, "ben"), NOW))
    assert [space.id for space in await store.of_account("ben")] == ["talk"]
    await store.change("talk", lambda before: decide(before, c.RemoveSeat(BEN), NOW))
    assert await store.of_account("ben") == []
    assert [space.id for space in await store.of_account("ada")] == ["talk"]


async def test_so_many_may_be_open(store: Store) -> None:
    """The next one waits until another is over; somebody else's do not count."""
    limits = MakerLimits(open=2)
    for name in ("a", "b"):
        await store.create(creation(name), creator="ada", limits=limits)
    with pytest.raises(Conflict, match="2 spaces"):
        await store.create(creation("c"), creator="ada", limits=limits)
    await store.create(creation("d"), creator="eve", limits=limits)
    await store.change("a", lambda before: decide(before, c.Cancel(), NOW))
    await store.create(creation("c"), creator="ada", limits=limits)


async def test_so_many_may_be_made_within_a_day(store: Store) -> None:
    """Also when all of them are over; a day later there is room again, and the house itself has no limit."""
    limits = MakerLimits(day=1)
    await store.create(creation("a"), creator="ada", limits=limits)
    await store.change("a", lambda before: decide(before, c.Cancel(), NOW))
    with pytest.raises(Overloaded, match="within a day") as refused:
        await store.create(creation("b", now=NOW + 60), creator="ada", limits=limits)
    assert refused.value.status == 429
    await store.create(creation("b", now=NOW + 1 + DAY_MS / 1000), creator="ada", limits=limits)
    for name in ("c", "d"):
        await store.create(creation(name), limits=limits)
