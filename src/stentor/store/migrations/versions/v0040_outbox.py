"""The outbox of public documents, and the triggers that write it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision: str | None = "0039"
branch_labels: str | None = None
depends_on: str | None = None

_TAGS = "SELECT 'tag', tag FROM post_tags WHERE post = {row}.id"
_POST = (
    "SELECT 'post', CAST({row}.id AS VARCHAR(100))",
    "SELECT 'thread', CAST(COALESCE({row}.root, {row}.id) AS VARCHAR(100))",
    "SELECT 'profile', CAST({row}.author AS VARCHAR(100))",
)
_CARD = "SELECT 'card', CAST(number AS VARCHAR(100)) FROM actors WHERE account = {row}.id"
_TALLY = "SELECT 'tally', CAST(id AS VARCHAR(100)) FROM posts WHERE id = {row}.post AND visibility < 2"
_PINS = "SELECT 'profile', CAST({row}.actor AS VARCHAR(100))"
_TAG = "SELECT 'tag', {row}.tag"
_SEEN = ("name", "handle", "bio", "picture_ms", "suspended_ms", "hidden_ms")
"""What others see of an account."""
TRIGGERS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    # Name, event, table, when, and what is noted; {row} is the row as it is then, or was.
    ("post_made", "INSERT", "posts", "NEW.visibility < 2", _POST),
    ("post_changed", "UPDATE", "posts", "OLD.visibility < 2 OR NEW.visibility < 2", (*_POST, _TAGS)),
    ("post_gone", "DELETE", "posts", "OLD.visibility < 2", _POST),
    ("tag_made", "INSERT", "post_tags", "", (_TAG,)),
    ("tag_gone", "DELETE", "post_tags", "", (_TAG,)),
    ("tally_changed", "UPDATE", "counts", "", (_TALLY,)),
    ("vote_made", "INSERT", "poll_votes", "", (_TALLY,)),
    ("pin_made", "INSERT", "pins", "", (_PINS,)),
    ("pin_gone", "DELETE", "pins", "", (_PINS,)),
    ("person_changed", f"UPDATE OF {', '.join(_SEEN)}", "accounts", "", (_CARD,)),
    ("actor_changed", "UPDATE", "actors", "", ("SELECT 'card', CAST({row}.number AS VARCHAR(100))",)),
    ("actor_gone", "DELETE", "actors", "", ("SELECT 'card', CAST({row}.number AS VARCHAR(100))",)),
)
_UPSERT = "ON CONFLICT (kind, id) DO UPDATE SET version = outbox.version + 1"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="another one each time"),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_outbox")),
    )
    make = _postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite
    for name, event, table, when, noted in TRIGGERS:
        row = "OLD" if event == "DELETE" else "NEW"
        make(name, event, table, when, [each.format(row=row) for each in noted])


def _sqlite(name: str, event: str, table: str, when: str, noted: list[str]) -> None:
    now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    body = " ".join(
        f"INSERT INTO outbox (kind, id, version) SELECT *, {now} FROM ({each}) WHERE true {_UPSERT};" for each in noted
    )
    condition = f"WHEN {when} " if when else ""
    op.execute(f"CREATE TRIGGER outbox_{name} AFTER {event} ON {table} FOR EACH ROW {condition}BEGIN {body} END")


def _postgresql(name: str, event: str, table: str, when: str, noted: list[str]) -> None:
    now = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    body = " ".join(
        f"INSERT INTO outbox (kind, id, version) SELECT noted.*, {now} FROM ({each}) AS noted {_UPSERT};"
        for each in noted
    )
    condition = f"WHEN ({when}) " if when else ""
    op.execute(
        f"CREATE FUNCTION outbox_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER outbox_{name} AFTER {event} ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION outbox_{name}()"
    )
