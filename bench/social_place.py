"""Databases with all of ``bench.social_data`` that stay in a folder: ``bench.social`` and ``bench.home`` share them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bench.social_data import Place, fill_postgresql, fill_sqlite
from stentor.store.spaces import Store
from tests.support.postgres import Postgres, module


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of a database in the folder, empty at first; of PostgreSQL while this is open."""
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    kept = folder / f"{kind}.url"
    if kind == "sqlite":
        (folder / "sqlite").mkdir(exist_ok=True)
        kept.write_text(f"sqlite:///{folder / 'sqlite' / 'social.db'}")
        yield kept.read_text()
        return
    shutil.rmtree(folder / "locks", ignore_errors=True)
    server = module(folder).get_server(folder / "data", cleanup_mode="stop")
    try:
        if not kept.exists():
            kept.write_text(Postgres(server.get_uri()).fresh())
        yield kept.read_text()
    finally:
        server.cleanup()


@asynccontextmanager
async def filled(kind: str, folder: Path) -> AsyncIterator[tuple[str, Place]]:
    """The same with everything in it, which takes minutes the first time."""
    done, place = folder / f"{kind}.filled", Place()
    with database(kind, folder) as url:
        if not done.exists():
            await (await Store.open(url)).close()
            if kind == "sqlite":
                fill_sqlite(folder / "sqlite" / "social.db", place)
            else:
                fill_postgresql(url, place)
            done.touch()
        yield url, place
