"""The store on real databases: one suite for SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import msgspec
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import ProgrammingError

from stentor.base.errors import Conflict, NotFound, Overloaded, SetupError
from stentor.base.units import SeatId, SpaceId
from stentor.spaces import commands as c
from stentor.spaces.events import Event, SeatGiven, SpaceRenamed
from stentor.spaces.model import ON_AIR, Role, Space, State
from stentor.spaces.rules import decide
from stentor.store import (
    database,
    outgoing_tables,  # noqa: F401 (its tables are in the metadata, too)
    work,
)
from stentor.store.database import open_engine, unsafe
from stentor.store.recordings import Recording
from stentor.store.schema import migrate
from stentor.store.spaces import Store
from stentor.store.tables import metadata
from tests.support.postgres import Postgres, database_url, postgres
from tests.support.spaces import CREATE, NOW, WAYS, replayed

__all__ = ["database_url", "postgres"]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


def creation(name: str = "talk", *, now: float = NOW) -> list[Event]:
    return decide(None, msgspec.structs.replace(CREATE, id=SpaceId(name)), now)


async def do(store: Store, command: c.Command, *, space: str = "talk", now: float = NOW) -> tuple[Space, list[Event]]:
    return await store.change(space, lambda before: decide(before, command, now))


async def test_life_of_a_space(store: Store) -> None:
    """What was decided is there again, event by event and as a whole, with every sign of every language."""
    created = await store.create(decide(None, msgspec.structs.replace(CREATE, title="Tee & 🎙️ für «alle»"), NOW))
    assert await store.load("talk") == created
    for step, command in enumerate((c.GiveSeat(SeatId("anna"), "Ånna", Role.CO_HOST), *WAYS[State.REPLAY]), 1):
        after, events = await do(store, command, now=NOW + step)
        assert events
        assert await store.load("talk") == after
    assert after.state is State.REPLAY
    stored = await store.events("talk")
    assert len(stored) == after.version
    assert replayed(list(stored)) == after
    assert await store.events("talk", after=after.version - 1) == stored[-1:]
    assert await store.events("talk", after=1, limit=2) == stored[1:3]


async def test_several_events_at_once(store: Store) -> None:
    """The events of one command get one version each."""
    await store.create(creation())
    after, events = await do(store, c.GoLive())
    assert (len(events), after.version, len(await store.events("talk"))) == (2, 3, 3)


async def test_nothing_happens(store: Store) -> None:
    """A command without events writes nothing."""
    before = await store.create(creation())
    assert await do(store, c.Rename(before.title)) == (before, [])
    assert len(await store.events("talk")) == 1


async def test_refusal_comes_through(store: Store) -> None:
    """What the rules refuse is refused, and nothing is stored."""
    before = await store.create(creation())
    with pytest.raises(Conflict, match="open them first"):
        await do(store, c.End())
    assert await store.load("talk") == before


async def test_missing_space(store: Store) -> None:
    """A space that is not there is not found by any way."""
    with pytest.raises(NotFound):
        await store.load("nothing")
    with pytest.raises(NotFound):
        await do(store, c.GoLive(), space="nothing")
    with pytest.raises(NotFound):
        await store.events("nothing")
    with pytest.raises(NotFound):
        await store.record(Recording(space=SpaceId("nothing"), ready_ms=1, duration_ms=1, size_bytes=1, prefix="p"))
    assert await store.recording("nothing") is None


async def test_id_is_taken(store: Store) -> None:
    """The second space of an id is refused, the first one untouched."""
    first = await store.create(creation())
    with pytest.raises(Conflict, match="choose another"):
        await store.create(creation(now=NOW + 5))
    assert await store.load("talk") == first
    assert len(await store.events("talk")) == 1


async def test_list(store: Store) -> None:
    """The newest first, by state, in pages."""
    for number in range(5):
        await store.create(creation(f"talk-{number}", now=NOW + number))
    await do(store, c.GoLive(), space="talk-1")
    assert [space.id for space in await store.list()] == [f"talk-{n}" for n in (4, 3, 2, 1, 0)]
    assert [space.id for space in await store.list(limit=2, offset=1)] == ["talk-3", "talk-2"]
    assert [space.id for space in await store.list(ON_AIR)] == ["talk-1"]
    assert await store.list([]) == []
    assert (await store.count(), await store.count(ON_AIR)) == (5, 1)


async def test_recordings(store: Store) -> None:
    """A recording is noted once a space; a later word takes the place of the first; the newest come first."""
    recordings = []
    for number in range(3):
        await store.create(creation(f"talk-{number}"))
        recordings.append(
            Recording(
                space=SpaceId(f"talk-{number}"),
                ready_ms=round(NOW * 1000) + number,
                duration_ms=3_600_000,
                size_bytes=5_000_000_000,
                gap_chunks=number,
                prefix=f"recordings/talk-{number}",
            )
        )
        await store.record(recordings[-1])
    assert await store.recordings() == recordings[::-1]
    assert await store.recordings(limit=1, offset=1) == [recordings[1]]
    mended = msgspec.structs.replace(recordings[0], gap_chunks=9)
    await store.record(mended)
    assert await store.recording("talk-0") == mended
    assert len(await store.recordings()) == 3


async def test_two_writers(database_url: str) -> None:
    """Two processes that change one space at once lose no change and leave no hole in the events."""
    first, second = await Store.open(database_url), await Store.open(database_url)
    await first.create(creation())
    await asyncio.gather(
        *(do(store, c.Rename(f"{name} {n}")) for n in range(25) for name, store in (("a", first), ("b", second)))
    )
    events = await first.events("talk")
    titles = [event.title for event in events if isinstance(event, SpaceRenamed)]
    assert sorted(titles) == sorted(f"{name} {n}" for n in range(25) for name in "ab")
    space = await second.load("talk")
    assert (replayed(list(events)), space.version) == (space, 51)
    await first.close()
    await second.close()


async def test_last_seat(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two who are to have the last seat in the same moment one gets it."""
    monkeypatch.setattr("stentor.spaces.seats.MOST_INVITED", 2)
    first, second = await Store.open(database_url), await Store.open(database_url)
    await first.create(creation())
    results = await asyncio.gather(
        do(first, c.GiveSeat(SeatId("anna"), "Anna")),
        do(second, c.GiveSeat(SeatId("ben"), "Ben")),
        return_exceptions=True,
    )
    assert {type(result) for result in results} == {Conflict, tuple}
    assert sum(isinstance(event, SeatGiven) for event in await first.events("talk")) == 1
    await first.close()
    await second.close()


async def test_decided_again(postgres: Postgres) -> None:
    """Whoever was overtaken decides again, on the state that the other has left (PostgreSQL lets both read)."""
    store = await Store.open(postgres.fresh())
    await store.create(creation())
    seen: list[int] = []
    both_read = threading.Barrier(2, timeout=10)

    def rename(space: Space) -> Sequence[Event]:
        seen.append(space.version)
        if space.version == 1:
            both_read.wait()
        return decide(space, c.Rename(f"{space.title}+"), NOW)

    await asyncio.gather(store.change("talk", rename), store.change("talk", rename))
    assert sorted(seen) == [1, 1, 2]
    assert (await store.load("talk")).title == "A talk++"
    await store.close()


async def test_always_overtaken(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is overtaken every time gives up, with a time to come back."""
    monkeypatch.setattr(work, "ATTEMPTS", 2)
    url = postgres.fresh()
    store, other = await Store.open(url), await Store.open(url)
    await store.create(creation())

    def rename(space: Space) -> Sequence[Event]:
        asyncio.run(do(other, c.Rename(f"overtaken {space.version}")))
        return decide(space, c.Rename("mine"), NOW)

    with pytest.raises(Overloaded, match="at once"):
        await store.change("talk", rename)
    assert (await store.load("talk")).title == "overtaken 2"
    await store.close()
    await other.close()


async def test_opened_again(database_url: str) -> None:
    """What was stored is there after a restart; the second start changes no table."""
    store = await Store.open(database_url)
    space = await store.create(creation())
    await store.close()
    store = await Store.open(database_url)
    assert await store.load("talk") == space
    await store.close()


def test_started_together(database_url: str) -> None:
    """Processes that start together on an empty database make its tables once, and all start."""

    def start(_: int) -> None:
        engine = open_engine(database_url)
        migrate(engine)
        engine.dispose()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(start, range(6)))


def test_a_second_start_loads_no_migrations(database_url: str) -> None:
    """Tables that are as they are to be are only looked at."""
    engine = open_engine(database_url)
    migrate(engine)
    engine.dispose()
    program = f"""if True:
        import asyncio, sys
        from stentor.store.spaces import Store
        asyncio.run(Store.open({database_url!r}))
        sys.exit("alembic" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_started_while_another_makes_the_file(tmp_path: Path) -> None:
    """SQLite does not wait by itself when the write-ahead log is turned on beside another writer."""
    path = tmp_path / "stentor.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE other (x)")
        other.execute("BEGIN IMMEDIATE")
        released = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
        released.start()
        open_engine(f"sqlite:///{path}").dispose()
        released.join()


def test_migrations_make_the_tables(database_url: str) -> None:
    """The migrations lead to exactly the tables that the program uses; those of the search are none of SQLAlchemy's."""

    def known(name: str | None, kind: str, _: object) -> bool:
        return not (kind in ("table", "index") and (name or "").startswith(("search_", "ix_search_")))

    engine = open_engine(database_url)
    migrate(engine)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": known}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_newer_database(database_url: str) -> None:
    """A database of a newer version is left alone."""
    engine = open_engine(database_url)
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SetupError, match="newer version of Stentor"):
        await Store.open(database_url)
    engine.dispose()


BROKEN = '''"""Adds a table, changes data, then fails."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9998", "{newest}"
def upgrade() -> None:
    op.create_table("half", sa.Column("x", sa.Integer))
    op.execute("DELETE FROM events")
    op.drop_table("recordings")
    op.execute("SELECT x FROM nowhere")
'''


async def test_failed_migration(database_url: str, tmp_path: Path) -> None:
    """A migration that fails in its last step has changed nothing, and the program goes on without it."""
    store = await Store.open(database_url)
    space = await store.create(creation())
    await store.close()
    scripts = tmp_path / "migrations"
    with resources.as_file(resources.files("stentor.store") / "migrations") as source:
        shutil.copytree(source, scripts)
    newest = max(path.name for path in (scripts / "versions").glob("v*.py"))[1:5]
    (scripts / "versions" / "v9998_broken.py").write_text(BROKEN.format(newest=newest))
    engine = open_engine(database_url)
    with pytest.raises(SetupError, match=r"nowhere.*Nothing was changed"):
        migrate(engine, scripts=str(scripts))
    assert "half" not in inspect(engine).get_table_names()
    engine.dispose()
    store = await Store.open(database_url)
    assert await store.load("talk") == space
    assert len(await store.events("talk")) == 1
    assert await store.recordings() == []
    await store.close()


async def test_postgres_goes_away_and_comes_back(postgres: Postgres) -> None:
    """Lost connections cost at most one refused request; then the store goes on by itself."""
    url = postgres.fresh()
    store = await Store.open(url)
    await store.create(creation())
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stentor'")
    with contextlib.suppress(Overloaded):
        await store.load("talk")
    assert (await store.load("talk")).id == "talk"
    await store.close()


async def test_what_is_confirmed_outlasts_a_power_cut(postgres: Postgres) -> None:
    """Also where the server says that nobody waits for the disk: our sessions do. What a session cannot change is told
    (the server of these tests has no ``fsync``)."""
    url = postgres.fresh()
    name = url.partition("?")[0].rpartition("/")[2]
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = await Store.open(url)
    try:

        def work(connection: Connection) -> str:
            return str(connection.exec_driver_sql("SHOW synchronous_commit").scalar())

        for way in (store.work.read, store.work.write, store.work.write_lasting):
            assert await way(work) == "on"
        assert await store.work.read(unsafe) == ["fsync"]
    finally:
        await store.close()


async def test_mistakes_surface(postgres: Postgres, store: Store) -> None:
    """What is a bug is not dressed up as a busy database."""
    with pytest.raises(ValueError, match="begins with an event"):
        await store.create([])
    url = postgres.fresh()
    broken = await Store.open(url)
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE recordings")
    with pytest.raises(ProgrammingError):
        await broken.recordings()
    await broken.close()


async def test_postgres_is_blocked(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that somebody else holds ends in a refusal with a time to come back, not in threads that wait for ever."""
    monkeypatch.setattr(database, "STATEMENT_MS", 100)
    url = postgres.fresh()
    store = await Store.open(url)
    await store.create(creation())
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE spaces IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Overloaded, match="statement timeout"):
            await do(store, c.GoLive())
    after, _ = await do(store, c.GoLive())
    assert after.state is State.LIVE
    await store.close()


async def test_no_such_postgres_database(postgres: Postgres) -> None:
    """A wrong name is told with the server's own words."""
    url = postgres.admin_url.replace("/postgres?", "/nowhere?")
    with pytest.raises(SetupError, match=r"'nowhere'.*does not exist"):
        await Store.open(url)
