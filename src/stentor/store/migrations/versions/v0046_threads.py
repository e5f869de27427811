"""A post that answers nothing changes no thread: two documents less to write for each."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision: str | None = "0045"
branch_labels: str | None = None
depends_on: str | None = None

_TAGS = "SELECT 'tag', tag FROM post_tags WHERE post = {row}.id"
_POST = (
    "SELECT 'post', CAST({row}.id AS VARCHAR(100))",
    "SELECT 'thread', CAST({row}.root AS VARCHAR(100)) WHERE {row}.root IS NOT NULL",
    "SELECT 'profile', CAST({row}.author AS VARCHAR(100))",
)
TRIGGERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    # Name, event, when, and what is noted; {row} is the row as it is then, or was.
    ("post_made", "INSERT", "NEW.visibility < 2", _POST),
    ("post_changed", "UPDATE", "OLD.visibility < 2 OR NEW.visibility < 2", (*_POST, _TAGS)),
    ("post_gone", "DELETE", "OLD.visibility < 2", _POST),
)
_UPSERT = "ON CONFLICT (kind, id) DO UPDATE SET version = outbox.version + 1"


def upgrade() -> None:
    make = _postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite
    for name, event, when, noted in TRIGGERS:
        row = "OLD" if event == "DELETE" else "NEW"
        make(name, event, when, [each.format(row=row) for each in noted])


def _sqlite(name: str, event: str, when: str, noted: list[str]) -> None:
    now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    body = " ".join(
        f"INSERT INTO outbox (kind, id, version) SELECT *, {now} FROM ({each}) WHERE true {_UPSERT};" for each in noted
    )
    op.execute(f"DROP TRIGGER outbox_{name}")
    op.execute(f"CREATE TRIGGER outbox_{name} AFTER {event} ON posts FOR EACH ROW WHEN {when} BEGIN {body} END")


def _postgresql(name: str, event: str, when: str, noted: list[str]) -> None:
    now = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    body = " ".join(
        f"INSERT INTO outbox (kind, id, version) SELECT noted.*, {now} FROM ({each}) AS noted {_UPSERT};"
        for each in noted
    )
    op.execute(
        f"CREATE OR REPLACE FUNCTION outbox_{name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$"
    )
