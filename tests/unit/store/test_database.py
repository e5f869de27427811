"""What an operator is told when a database cannot be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from stentor.base.errors import Overloaded, SetupError
from stentor.spaces.rules import decide
from stentor.store import database
from stentor.store.database import open_engine
from stentor.store.spaces import Store
from tests.support.spaces import CREATE, NOW


async def open_and_close(url: str) -> None:
    await (await Store.open(url)).close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "stentor.db",
        "mysql://secret@host/x",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql+asyncpg://secret@host/x",
        "sqlite+aiosqlite:///x.db",
        "postgresql://host:secret/x",
    ],
)
async def test_wrong_address(url: str) -> None:
    """A wrong address is refused with the right form, and never repeated: it may hold a password."""
    with pytest.raises(SetupError, match="STENTOR_DATABASE_URL") as refusal:
        await Store.open(url)
    assert "secret" not in refusal.value.detail


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_server_that_is_not_there(scheme: str) -> None:
    """A PostgreSQL that does not answer is told with its host, without the password."""
    with pytest.raises(SetupError, match=r"Cannot reach the PostgreSQL database 'x' at 127\.0\.0\.1") as refusal:
        await Store.open(f"{scheme}://stentor:secret@127.0.0.1:1/x")
    assert "secret" not in refusal.value.detail


async def test_new_folder(tmp_path: Path) -> None:
    """The folder is made when it is not there; nothing is left in it but the database."""
    await open_and_close(f"sqlite:///{tmp_path}/a/b/stentor.db")
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["stentor.db"]


async def test_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file where the folder should be is told by the folder's name."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SetupError, match=r"Cannot write to the database's folder .*/data: Not a directory|File exists"):
        await Store.open(f"sqlite:///{tmp_path}/data/stentor.db")


async def test_folder_that_cannot_be_written() -> None:
    """A folder that takes no file is told before anything else (root may write anywhere but to the kernel)."""
    with pytest.raises(SetupError, match="Cannot write to the database's folder /proc"):
        await Store.open("sqlite:////proc/stentor.db")


async def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """A folder is no database."""
    with pytest.raises(SetupError, match="is a folder; name a file"):
        await Store.open(f"sqlite:///{tmp_path}")


async def test_other_file(tmp_path: Path) -> None:
    """A file that is no database is left as it is."""
    path = tmp_path / "stentor.db"
    path.write_text("My diary. " * 1000)
    with pytest.raises(SetupError, match=r"stentor\.db is not a database; move it away"):
        await Store.open(f"sqlite:///{path}")
    assert path.read_text() == "My diary. " * 1000


@pytest.mark.parametrize("crashed", [False, True])
async def test_damaged_database(tmp_path: Path, crashed: bool) -> None:
    """A hole in a database is told where all is prepared, or after a crash; not in the middle of a talk."""
    path = tmp_path / "stentor.db"
    store = await Store.open(f"sqlite:///{path}")
    await store.create(decide(None, CREATE, NOW))
    await store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    if crashed:
        path.with_name("stentor.db-wal").touch()
    with pytest.raises(SetupError, match=r"is damaged \(.+\); restore it from a backup"):
        await Store.open(f"sqlite:///{path}", whole=not crashed)


async def test_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another program holds is told, not waited for without end."""
    monkeypatch.setattr(database, "BUSY_MS", 50)
    path = tmp_path / "stentor.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SetupError, match="locked by another program"):
        await Store.open(f"sqlite:///{path}")
    other.close()


async def test_locked_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that cannot have its turn is refused with a time to come back; a read still works."""
    monkeypatch.setattr(database, "BUSY_MS", 50)
    path = tmp_path / "stentor.db"
    store = await Store.open(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Overloaded, match="locked") as refusal:
        await store.create(decide(None, CREATE, NOW))
    assert refusal.value.retry_after_s > 0
    assert await store.list() == []
    other.execute("COMMIT")
    other.close()
    assert (await store.create(decide(None, CREATE, NOW))).version == 1
    await store.close()


async def test_busy_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a free connection the caller is asked to come back."""
    store = await Store.open(f"sqlite:///{tmp_path}/stentor.db")
    monkeypatch.setattr(store.work.engine.pool, "_timeout", 0.01)
    taken = [store.work.engine.connect() for _ in range(database.CONNECTIONS)]
    with pytest.raises(Overloaded, match="busy"):
        await store.list()
    for connection in taken:
        connection.close()
    assert await store.list() == []
    await store.close()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("attempt to write a readonly database", "Check its owner and rights"),
        ("unable to open database file", "Check its owner and rights"),
        ("database or disk is full", "disk is full"),
    ],
)
def test_words_of_sqlite(words: str, sentence: str) -> None:
    """What root and a wide disk cannot cause is told by SQLite's words all the same."""
    assert sentence in database._sqlite_trouble(Path("stentor.db"), words).detail


def test_settings_of_sqlite(tmp_path: Path) -> None:
    """Readers do not wait for writers, foreign keys count, and a crash of the process loses nothing."""
    engine = open_engine(f"sqlite:///{tmp_path}/stentor.db")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": database.BUSY_MS}
    engine.dispose()


def test_killed_writer(tmp_path: Path) -> None:
    """A process killed in the middle of a transaction leaves the database as it was, and usable at once."""
    script = (
        "import os, sys\n"
        "from stentor.store.database import WRITES, open_engine\n"
        "connection = open_engine(sys.argv[1]).execution_options(**WRITES).connect()\n"
        "connection.begin()\n"
        "connection.exec_driver_sql('CREATE TABLE half (x)')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    url = f"sqlite:///{tmp_path}/stentor.db"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script, url], env=environment, check=False).returncode == -9
    engine = open_engine(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
    engine.dispose()
