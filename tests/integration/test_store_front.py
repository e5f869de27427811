"""What the front page is made of, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import msgspec
import pytest

from stentor.base.units import SpaceId
from stentor.people.model import Account
from stentor.spaces import commands as c
from stentor.spaces import front
from stentor.spaces.events import Event
from stentor.spaces.model import Space
from stentor.spaces.rules import decide
from stentor.store.front import FrontTable
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.spaces import CREATE, NOW

__all__ = ["database_url", "postgres"]
NOW_MS = round(NOW * 1000)
DAY_MS = front.CANCELLED_MS


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


async def made(store: Store, name: str, *commands: c.Command, at_ms: int | None = None, now: float = NOW) -> None:
    wish = msgspec.structs.replace(CREATE, id=SpaceId(name), scheduled_ms=at_ms)
    await store.create(decide(None, wish, now))
    for command in commands:
        await store.change(name, partial(_decided, command, now))


async def test_what_is_on_comes_and_was(store: Store) -> None:
    """The soonest first; what was missed days ago, and what ended without a replay, is not there."""
    over = c.OpenDoors(), c.GoLive(), c.End(), c.OpenReplay()
    await made(store, "on", c.OpenDoors(), c.GoLive())
    await made(store, "later", at_ms=NOW_MS + 9 * DAY_MS)
    await made(store, "soon", at_ms=NOW_MS + DAY_MS)
    await made(store, "off", c.Cancel(), at_ms=NOW_MS + DAY_MS)
    await made(store, "replay", *over)
    await made(store, "newer", *over, now=NOW + 60)
    await made(store, "ended", *over[:-1])
    await made(store, "missed", at_ms=NOW_MS + DAY_MS, now=NOW)
    found = await FrontTable(store.work).spaces(NOW_MS + 60_000)
    assert {space.id for space in found} == {"on", "later", "soon", "off", "replay", "newer", "missed"}
    shown = front.arranged(found, NOW_MS + 60_000)
    assert names(shown.live) == ["on"]
    assert names(shown.coming) == ["missed", "off", "soon", "later"]
    assert names(shown.replays) == ["newer", "replay"]
    much_later = front.arranged(await FrontTable(store.work).spaces(NOW_MS + 3 * DAY_MS), NOW_MS + 3 * DAY_MS)
    assert names(much_later.coming) == ["later"]


async def test_people_who_are_there(store: Store) -> None:
    """By account; whoever was suspended has none."""
    for name in ("ada", "ben", "eve"):
        account = Account(id=f"id-{name}", handle=name, name=name, created_ms=NOW_MS)
        await store.accounts.create(account, password=None, passkey=None, codes=[], invitation=None)
    await store.accounts.suspend("id-eve", NOW_MS)
    table = FrontTable(store.work)
    found = await table.people({"id-ada", "id-eve", "id-nobody"})
    assert {account: person.handle for account, person in found.items()} == {"id-ada": "ada"}
    assert await table.people([]) == {}


def _decided(command: c.Command, now: float, before: Space) -> list[Event]:
    return decide(before, command, now)


def names(spaces: list[Space]) -> list[str]:
    return [space.id for space in spaces]
