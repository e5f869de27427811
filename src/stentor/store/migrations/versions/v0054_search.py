"""What can be found by words: posts, people, spaces and what was said in them; and who lets themselves be found.

None of these tables is in the metadata. SQLite and PostgreSQL have nothing in common here but ``search_due``, and
FTS5 keeps tables of its own: ``store.search_index`` knows both. Rows go with what they are of, and with them
their words: triggers see also what goes with an account.

Everything that is there already is noted as due, the newest first: a house indexes it in small parts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision: str | None = "0053"
branch_labels: str | None = None
depends_on: str | None = None

FTS = "content='{table}', content_rowid='id', detail=none, columnsize=0, tokenize='ascii'"
"""``ascii``: what is not ASCII is a part of a word; ``base.terms`` has cut the words already."""
TABLES = (
    ("search_posts", "id BIGINT PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE"),
    ("search_people", "id BIGINT PRIMARY KEY REFERENCES actors (number) ON DELETE CASCADE"),
    (
        "search_lines",
        "id BIGINT PRIMARY KEY, space VARCHAR(48) NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, "
        "start_ms BIGINT, end_ms BIGINT, seat VARCHAR(48) NOT NULL, said TEXT NOT NULL",
    ),
)
"""A line without ``start_ms`` is a space itself."""
RANGE = 50_000
"""Rows of a table that PostgreSQL looks at before it goes further back (``store.search_index``)."""
_DUE = "INSERT INTO search_due (kind, id, due_ms) SELECT due.kind, due.id, {now} FROM ({select}) AS due {where}{upsert}"
_UPSERT = (
    "ON CONFLICT (kind, id) DO UPDATE SET due_ms = "
    "CASE WHEN excluded.due_ms > search_due.due_ms THEN excluded.due_ms ELSE search_due.due_ms + 1 END"
)
_POST = "SELECT 'post' AS kind, CAST(NEW.id AS VARCHAR(48)) AS id"
TRIGGERS: tuple[tuple[str, str, str, str, str], ...] = (
    # Name, event, table, when, and what is due.
    ("post_made", "INSERT", "posts", "NEW.boost_of IS NULL", _POST),
    ("post_changed", "UPDATE OF text, warning", "posts", "NEW.boost_of IS NULL", _POST),
    (
        "picture_changed", "UPDATE OF alt, post", "media", "NEW.post IS NOT NULL",
        "SELECT 'post' AS kind, CAST(NEW.post AS VARCHAR(48)) AS id",
    ),
    ("actor_made", "INSERT", "actors", "", "SELECT 'person' AS kind, CAST(NEW.number AS VARCHAR(48)) AS id"),
    (
        "actor_changed", "UPDATE OF handle, name", "actors", "",
        "SELECT 'person' AS kind, CAST(NEW.number AS VARCHAR(48)) AS id",
    ),
    (
        "person_changed", "UPDATE OF handle, name", "accounts", "",
        "SELECT 'person' AS kind, CAST(number AS VARCHAR(48)) AS id FROM actors WHERE account = NEW.id",
    ),
    ("space_made", "INSERT", "spaces", "", "SELECT 'space' AS kind, NEW.id AS id"),
    ("space_changed", "UPDATE OF body", "spaces", "", "SELECT 'space' AS kind, NEW.id AS id"),
)  # fmt: skip
KNOWN = (
    "SELECT 'post', CAST(id AS VARCHAR(48)), created_ms FROM posts WHERE boost_of IS NULL",
    "SELECT 'person', CAST(number AS VARCHAR(48)), number / 65536 FROM actors",
    "SELECT 'space', id, when_ms FROM spaces",
)


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    findable = sa.Column("findable", sa.Integer(), server_default="0", nullable=False, comment="1 for who wants it")
    op.add_column("actors", findable)
    op.execute(
        "CREATE TABLE search_due (kind VARCHAR(8) NOT NULL, id VARCHAR(48) NOT NULL, due_ms BIGINT NOT NULL, "
        "PRIMARY KEY (kind, id))"
    )
    op.execute("CREATE INDEX ix_search_due_due_ms ON search_due (due_ms)")
    for table, columns in TABLES:
        words = "TSVECTOR" if postgresql else "TEXT"
        typed = columns if postgresql else columns.replace("id BIGINT", "id INTEGER", 1)  # or it were no rowid
        op.execute(f"CREATE TABLE {table} ({typed}, terms {words} NOT NULL)")
        (_postgresql_index if postgresql else _sqlite_index)(table)
    op.execute("CREATE INDEX ix_search_lines_space ON search_lines (space)")
    if postgresql:
        _postgresql_ranges()
        op.execute("CREATE INDEX ix_search_tags ON post_tags (tag text_pattern_ops)")  # how they begin, in any locale
    for name, event, table, when, select in TRIGGERS:
        (_postgresql_trigger if postgresql else _sqlite_trigger)(name, event, table, when, select)
    for each in KNOWN:
        op.execute(f"INSERT INTO search_due (kind, id, due_ms) {each}")


def _sqlite_index(table: str) -> None:
    named = f"{table}_index"
    op.execute(f"CREATE VIRTUAL TABLE {named} USING fts5(terms, {FTS.format(table=table)})")
    put = f"INSERT INTO {named} (rowid, terms) VALUES (NEW.id, NEW.terms);"
    take = f"INSERT INTO {named} ({named}, rowid, terms) VALUES ('delete', OLD.id, OLD.terms);"
    for event, body in (("INSERT", put), ("DELETE", take), ("UPDATE", f"{take} {put}")):
        name = f"{table}_{event.lower()}"
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW BEGIN {body} END")


def _postgresql_index(table: str) -> None:
    # The words lie beside the rows, so that to walk through many rows reads few pages; and what is new is in the index
    # at once, not in a list that every search must read.
    op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = 128)")
    op.execute(f"ALTER TABLE {table} ALTER COLUMN terms SET STORAGE EXTERNAL")
    op.execute(f"CREATE INDEX ix_{table}_terms ON {table} USING gin (terms) WITH (fastupdate = off)")


def _postgresql_ranges() -> None:
    op.execute(
        "CREATE TABLE search_ranges (name VARCHAR(16) NOT NULL, first BIGINT NOT NULL, PRIMARY KEY (name, first))"
    )
    for table, _ in TABLES:
        op.execute(f"INSERT INTO search_ranges VALUES ('{table}', 0)")
    for table, select in (
        ("search_posts", "SELECT id, row_number() OVER (ORDER BY id) AS n FROM posts"),
        ("search_people", "SELECT number AS id, row_number() OVER (ORDER BY number) AS n FROM actors"),
    ):
        op.execute(f"INSERT INTO search_ranges SELECT '{table}', id FROM ({select}) AS numbered WHERE n % {RANGE} = 0")


def _sqlite_trigger(name: str, event: str, table: str, when: str, select: str) -> None:
    now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    body = _DUE.format(now=now, select=select, where="WHERE true ", upsert=_UPSERT)
    condition = f"WHEN {when} " if when else ""
    op.execute(f"CREATE TRIGGER search_{name} AFTER {event} ON {table} FOR EACH ROW {condition}BEGIN {body}; END")


def _postgresql_trigger(name: str, event: str, table: str, when: str, select: str) -> None:
    now = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    body = _DUE.format(now=now, select=select, where="", upsert=_UPSERT)
    condition = f"WHEN ({when}) " if when else ""
    op.execute(
        f"CREATE FUNCTION search_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER search_{name} AFTER {event} ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION search_{name}()"
    )
