"""The steps from an older version's tables to this one's, by the Alembic migrations inside the package.

All steps run in one transaction under a lock, so that processes that start together migrate once, and a step that
fails leaves the database as it was (both databases can roll back changes of tables).
"""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from stentor.base.errors import SetupError
from stentor.base.imports import without
from stentor.store.database import WRITES, reason

with without("pygments"):  # for templates that are wrong
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

LOCK = 0x5354454E544F52
"""Key of PostgreSQL's advisory lock: "STENTOR". SQLite's lock is BEGIN IMMEDIATE."""


def migrate(engine: Engine, scripts: str) -> None:
    """Brings the database to the newest version. Raises :class:`SetupError`; then nothing has changed."""
    config = Config()
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    try:
        with engine.execution_options(**WRITES).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # a big table may take its time
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            there = set(MigrationContext.configure(connection).get_current_heads())
            if not there <= known:
                raise SetupError(
                    "The database was made by a newer version of Stentor; install that version or a newer one, "
                    "or restore the backup from before."
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise SetupError(
            f"The database could not be brought to this version: {reason(error)}. Nothing was changed."
        ) from error
