"""Opening a database: SQLite (the default) or PostgreSQL by one synchronous SQLAlchemy engine.

Synchronous on purpose: SQLAlchemy with an async driver does 400 to 600 writes a second on SQLite, a hop of threads for
every statement; here a whole transaction is one hop (``store.spaces``), and the code is one for both.

Everything an operator can mend is a :class:`~stentor.base.errors.SetupError` with a sentence that says what.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from stentor.base.errors import SetupError

BUSY_MS = 10_000
"""How long a SQLite writer waits for another process's transaction; ours take milliseconds."""
WAL_RETRY_S = 0.02
CONNECT_S = 5
STATEMENT_MS = 15_000
"""PostgreSQL ends a statement that takes longer (a lock that somebody holds); ours take milliseconds."""
SILENCE_MS = 10_000
"""A PostgreSQL server that does not acknowledge for so long is gone; else a cut link would hold a thread for ever."""
PREPARED_AFTER = 5
"""So often a session of PostgreSQL is asked the same before it is prepared: planning what a home timeline needs takes
longer than reading most of them (`bench/social`)."""
PREPARED = 300
"""Of one session; those that were asked longest ago are planned again."""
CONNECTIONS = 4
"""At most, of one process; also how many threads wait for the database."""
WRITES = {"stentor_writes": True}
"""Execution options of a transaction that will write: SQLite then takes its lock at BEGIN, where waiting is safe."""
LASTS = WRITES | {"stentor_lasts": True}
"""And of one that must outlast a power cut once it is confirmed: SQLite then waits for the disk, as PostgreSQL always
does. What a killed process has confirmed stays either way."""


def open_engine(url: str, *, whole: bool = False) -> Engine:
    """An engine that has reached its database; the schema is not looked at. Raises :class:`SetupError`.

    With ``whole`` every page of a SQLite database is looked at, which takes a second for 200 MB; without it only when
    those who had it last have not closed it.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, whole=whole)
    return _open_postgres(address)


def unsafe(connection: Connection) -> list[str]:
    """Settings of a PostgreSQL server by which a power cut loses what it has confirmed, or damages the database; none
    of SQLite, where we set them. A session cannot change these."""
    if connection.dialect.name != "postgresql":
        return []
    query = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"
    return list(connection.exec_driver_sql(query).scalars())


def reason(error: DBAPIError) -> str:
    """The driver's own words in one line, without the SQL."""
    return " ".join(str(error.orig).split())


def _address(url: str) -> URL:
    """The address with the driver we use; ``postgres://`` and ``postgresql://`` are the same."""
    if url.startswith("postgres://"):
        url = "postgresql" + url.removeprefix("postgres")
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _wrong_url() from error
    match address.drivername:
        case "sqlite" if address.database and address.database != ":memory:" and not address.host:
            return address
        case "postgresql" | "postgresql+psycopg":
            return address.set(drivername="postgresql+psycopg")
    raise _wrong_url()


def _wrong_url() -> SetupError:
    # The address itself is not repeated: it may hold a password.
    return SetupError(
        "STENTOR_DATABASE_URL is not an address of a database; it needs "
        "postgresql://user:password@host:5432/name, or sqlite:////folder/stentor.db."
    )


# SQLite


def _open_sqlite(address: URL, *, whole: bool) -> Engine:
    path = Path(address.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise SetupError(f"The database {path} is a folder; name a file in STENTOR_DATABASE_URL.")
        probe = path.with_name(f".{path.name}.writes")  # WAL makes files beside the database
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(f"Cannot write to the database's folder {path.parent}: {error.strerror}.") from error
    left_open = path.with_name(f"{path.name}-wal").exists()  # SQLite removes it when the last one closes
    look = "PRAGMA quick_check(1)" if whole or left_open else "PRAGMA schema_version"
    engine = create_engine(address, pool_size=CONNECTIONS, max_overflow=0)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.begin() as connection:
            found = " ".join(str(connection.exec_driver_sql(look).scalar_one()).split())
    except DatabaseError as error:
        engine.dispose()
        raise _sqlite_trouble(path, reason(error)) from error
    if "quick_check" in look and found != "ok":
        engine.dispose()
        raise _sqlite_trouble(path, found)
    return engine


def _sqlite_trouble(path: Path, words: str) -> SetupError:
    """SQLite tells a foreign file from a damaged one only by its words."""
    if "not a database" in words:
        return SetupError(f"{path} is not a database; move it away, and Stentor makes a new one.")
    if "readonly" in words or "unable to open" in words:
        return SetupError(f"Cannot write to the database {path}: {words}. Check its owner and rights.")
    if "locked" in words:
        return SetupError(f"The database {path} is locked by another program; stop it first.")
    if "full" in words:
        return SetupError(f"Cannot write to the database {path}: the disk is full.")
    return SetupError(f"The database {path} is damaged ({words}); restore it from a backup, or move it away.")


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Once a connection. The driver's own transactions are off: they would not hold DDL, and begin too late."""
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Turns the write-ahead log on. While another process does the same SQLite refuses at once and does not wait."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(WAL_RETRY_S)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that reads first and writes then would fail, not wait, when another wrote in between."""
    options = connection.get_execution_options()
    if options.get("stentor_writes", False):
        # It holds for the connection, and within a transaction it cannot be changed: so it is said before each.
        lasts = options.get("stentor_lasts", False)
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if lasts else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


# PostgreSQL


def _open_postgres(address: URL) -> Engine:
    engine = create_engine(
        address,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,  # a restarted server costs one look, not one failed request
        connect_args={
            "connect_timeout": CONNECT_S,
            "tcp_user_timeout": SILENCE_MS,
            "application_name": "stentor",
            "prepare_threshold": None,  # see _set_up_postgres
        },
    )
    event.listen(engine, "connect", _set_up_postgres)
    try:
        with engine.connect():
            return engine
    except OperationalError as error:
        engine.dispose()
        where = address.host or address.query.get("host", "the local socket")
        raise SetupError(
            f"Cannot reach the PostgreSQL database {address.database!r} at {where}: {reason(error)}. "
            "Check STENTOR_DATABASE_URL and that the server runs."
        ) from error


def _set_up_postgres(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Once a connection; by SQL, for pgbouncer refuses it as a start-up option.

    A pooler that gives each transaction another session knows nothing of what was prepared in the one before. It does
    not say that it is there, but its session is not the one that the driver was told of.
    """
    cursor = connection.cursor()
    cursor.execute(f"SET statement_timeout = {STATEMENT_MS}")
    cursor.execute("SET jit = off")  # compiling a home timeline takes longer than reading it (`bench/social`)
    # A server, database or role may say that nobody waits for the disk: what we confirm would go with the power.
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.execute("SELECT pg_backend_pid()")
    session = cursor.fetchone()
    if session is not None and session[0] == connection.info.backend_pid:
        connection.prepared_max, connection.prepare_threshold = PREPARED, PREPARED_AFTER
    cursor.close()
    connection.commit()
