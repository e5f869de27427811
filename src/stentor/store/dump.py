"""A whole database as one file: SQLite by its backup interface, PostgreSQL by ``pg_dump`` and ``pg_restore``.

Both copy one moment of a database that is in use, and hold nobody up.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from stentor.base.errors import SetupError

SQLITE, POSTGRESQL = "database/stentor.db", "database/postgresql.dump"
"""What the file is called in a backup: a database goes back to the kind that it came from."""


def name(url: str) -> str:
    """What the dump of a database is called."""
    return SQLITE if url.startswith("sqlite") else POSTGRESQL


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    return Path(make_url(url).database or "") if url.startswith("sqlite") else None


def dump(url: str, file: Path) -> None:
    """Writes the database to ``file``. Raises :class:`SetupError`."""
    path = sqlite_path(url)
    if path is None:
        _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")
        return
    if not path.exists():
        raise SetupError(f"There is no database {path}: name the data folder with --data.")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        raise SetupError(f"Cannot copy the database {path}: {error}.") from error


def require_empty(url: str) -> None:
    """Raises :class:`SetupError` where a database has something in it, or cannot be reached."""
    path = sqlite_path(url)
    if path is not None:
        if path.exists():
            raise SetupError(f"There is a database {path} already: a backup is restored to where nothing is.")
        return
    import psycopg  # noqa: PLC0415 it takes half a second, and a house that starts does not need it

    try:
        with psycopg.connect(_plain(url), connect_timeout=5) as connection:
            query = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
            row = connection.execute(query).fetchone()
    except psycopg.Error as error:
        raise SetupError(f"Cannot reach the PostgreSQL database: {' '.join(str(error).split())}.") from error
    if row is None or row[0]:
        raise SetupError("The PostgreSQL database has tables already: make an empty one, and name it.")


def load(url: str, file: Path) -> None:
    """Puts a dump back to where nothing is. Raises :class:`SetupError`."""
    path = sqlite_path(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, path)
        return
    _run(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(file))


def _run(url: str, program: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's programs. The password is in a file of ours: command lines can be read by everybody."""
    found = shutil.which(program)
    if found is None:
        raise SetupError(
            f"{program} is not there: install PostgreSQL's client programs, of the server's version or a newer one "
            "(Debian: postgresql-client)."
        )
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 as above

    with tempfile.TemporaryDirectory(prefix="stentor") as room:
        service = Path(room) / "service.conf"
        words = conninfo_to_dict(_plain(url))
        service.write_text("".join(["[stentor]\n", *(f"{key}={value}\n" for key, value in words.items())]))
        done = subprocess.run(
            [found, "--dbname=service=stentor", *arguments],
            env={**os.environ, "PGSERVICEFILE": str(service)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SetupError(f"{program} failed: {' '.join(done.stderr.split())}")


def _plain(url: str) -> str:
    """The address as libpq knows it."""
    return "postgresql" + url[url.index(":") :]
