"""Names beside the events, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import msgspec
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from stentor.base.units import SeatId
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.events import Event
from stentor.spaces.model import Role
from stentor.spaces.rules import decide
from stentor.store.database import open_engine
from stentor.store.persons import erase_names
from stentor.store.schema import SCRIPTS
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.spaces import ANNA, BEN, CREATE, NOW, replayed

__all__ = ["database_url", "postgres"]
ADA = SeatId("ada")
WISHES: tuple[c.Command, ...] = (
    c.GiveSeat(ANNA, "Anna", Role.CO_HOST), c.GiveSeat(BEN, "Ben"), c.ClaimSeat(BEN, "b1"), c.BanSeat(BEN),
    c.GiveSeat(ADA, "Ada"), c.RemoveSeat(ADA), c.GiveSeat(ADA, "Bo"),
)  # fmt: skip
NAMES = ["Hedda", "Anna", "Ben", "Ben", "Ada", "Bo"]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


def happened(account: str = "h1") -> list[Event]:
    """What happens when seats are given, claimed, shut out and given again."""
    events = decide(None, msgspec.structs.replace(CREATE, host_account=account), NOW)
    for wish in WISHES:
        events += decide(replayed(events), wish, NOW)
    return events


def names(events: list[Event]) -> list[str]:
    return [name for each in events if (name := getattr(each, "host_name", getattr(each, "name", "")))]


def stored(connection: Connection) -> str:
    return "".join(connection.execute(text("SELECT body FROM events")).scalars())


async def test_events_are_stored_with_numbers(store: Store) -> None:
    """They are read as they happened, and make the same space; what is stored has no name."""
    first, *others = happened()
    await store.create([first])
    await store.change("talk", lambda before: others)
    found = list(await store.events("talk"))
    assert names(found) == NAMES
    assert replayed(found) == await store.load("talk") == replayed([first, *others])
    assert not [name for name in NAMES if name in await store.work.read(stored)]


async def test_an_erased_name_is_a_number(store: Store) -> None:
    """In every event of the person, also of a seat that is gone; the others keep theirs."""
    first, *others = happened()
    await store.create([first])
    await store.change("talk", lambda before: others)
    assert await store.work.write(lambda connection: erase_names(connection, "b1")) == ["talk"]
    assert names(list(await store.events("talk"))) == [
        "Hedda", "Anna", "Deleted person 3", "Deleted person 3", "Ada", "Bo"
    ]  # fmt: skip


@pytest.mark.parametrize("way", [c.RemoveSpace("host", "Why"), c.NoteRemoval("people", 3, 7)])
async def test_speakers_names_go_with_the_space(store: Store, way: c.Command) -> None:
    """When it is removed, or people are forgotten after their time: hosts stay, who answer for what is left."""
    first, *others = happened()
    await store.create([first])
    await store.change("talk", lambda before: [*others, *decide(replayed([first, *others]), c.Cancel(), NOW)])
    await store.change("talk", lambda before: decide(before, way, NOW + 1))
    rows = await store.work.read(
        lambda connection: connection.execute(text("SELECT name FROM persons")).scalars().all()
    )
    assert sorted(rows) == ["Anna", "Hedda"]
    assert set((await store.load("talk")).seats) == {CREATE.host_seat, ANNA}
    seen = names(list(await store.events("talk")))
    assert seen[:3] == ["Hedda", "Anna", "Deleted person 3"]
    assert not {"Ben", "Ada", "Bo"} & set(seen)


async def test_names_of_older_events_move(database_url: str) -> None:
    """The migration takes them out of all events there are, and knows whose the seats were."""
    engine = open_engine(database_url)
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    events = happened()
    space = replayed(events)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0021")
        row = {"id": "talk", "version": space.version, "body": msgspec.json.encode(space).decode()}
        connection.execute(
            text("INSERT INTO spaces (id, version, state, created_ms, body) VALUES (:id, :version, 'live', 1, :body)"),
            row,
        )
        for version, event in enumerate(events, 1):
            body = {key: value for key, value in json.loads(e.encode(event)).items() if key != "person"}
            old = {"version": version, "kind": e.kind(event), "body": json.dumps(body)}
            insert = "INSERT INTO events (space, version, kind, at_ms, body) VALUES ('talk', :version, :kind, 1, :body)"
            connection.execute(text(insert), old)
    engine.dispose()
    store = await Store.open(database_url)
    assert names(list(await store.events("talk"))) == NAMES
    assert not [name for name in NAMES if name in await store.work.read(stored)]
    assert await store.work.write(lambda connection: erase_names(connection, "b1")) == ["talk"]
    assert await store.work.write(lambda connection: erase_names(connection, "h1")) == ["talk"]
    assert names(list(await store.events("talk")))[:3] == ["Deleted person 1", "Anna", "Deleted person 3"]
    await store.close()
