"""Whether a database has this version's tables; where it has not, ``store.migrating`` brings it there.

Alembic is loaded for that only: nearly every start finds the tables as they are to be, and is half a second sooner.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from sqlalchemy import Engine, inspect, text

SCRIPTS = "stentor.store:migrations"
TABLE = "alembic_version"


def migrate(engine: Engine, *, scripts: str = SCRIPTS) -> None:
    """Brings the database to the newest version. Raises :class:`SetupError`; then nothing has changed."""
    if scripts == SCRIPTS and _version(engine) == newest():
        return
    from stentor.store import migrating  # noqa: PLC0415 (see above)

    migrating.migrate(engine, scripts)


@cache
def newest() -> str:
    """The version of this package's tables: its last migration's number."""
    folder = resources.files("stentor.store.migrations") / "versions"
    return max(each.name[1:5] for each in folder.iterdir() if each.name.startswith("v") and each.name.endswith(".py"))


def _version(engine: Engine) -> str | None:
    """The version that the database says it has; None for one without tables, or in the middle of something."""
    if not inspect(engine).has_table(TABLE):
        return None
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalars().all()
    return found[0] if len(found) == 1 else None
