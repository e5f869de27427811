"""Pages of older posts, and no public documents of people and posts elsewhere: those stand on their own server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision: str | None = "0056"
branch_labels: str | None = None
depends_on: str | None = None

_TAGS = "SELECT 'tag', tag FROM post_tags WHERE post = {row}.id"
_POST = (
    "SELECT 'post', CAST({row}.id AS VARCHAR(100))",
    "SELECT 'thread', CAST({row}.root AS VARCHAR(100)) WHERE {row}.root IS NOT NULL",
    "SELECT 'profile', CAST({row}.author AS VARCHAR(100))",
)
_CARD = ("SELECT 'card', CAST({row}.number AS VARCHAR(100))",)
_TALLY = "SELECT 'tally', CAST(id AS VARCHAR(100)) FROM posts WHERE id = {row}.post AND visibility < 2 AND uri IS NULL"
_PINS = "SELECT 'profile', CAST(number AS VARCHAR(100)) FROM actors WHERE number = {row}.actor AND account IS NOT NULL"
_TAG = "SELECT 'tag', {row}.tag WHERE NOT EXISTS (SELECT 1 FROM posts WHERE id = {row}.post AND uri IS NOT NULL)"
TRIGGERS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    # Name, event, table, when, and what is noted; {row} is the row as it is then, or was.
    ("post_made", "INSERT", "posts", "NEW.visibility < 2 AND NEW.uri IS NULL", _POST),
    (
        "post_changed", "UPDATE", "posts", "(OLD.visibility < 2 OR NEW.visibility < 2) AND NEW.uri IS NULL",
        (*_POST, _TAGS),
    ),
    ("post_gone", "DELETE", "posts", "OLD.visibility < 2 AND OLD.uri IS NULL", _POST),
    ("tag_made", "INSERT", "post_tags", "", (_TAG,)),
    ("tally_changed", "UPDATE", "counts", "", (_TALLY,)),
    ("vote_made", "INSERT", "poll_votes", "", (_TALLY,)),
    ("pin_made", "INSERT", "pins", "", (_PINS,)),
    ("pin_gone", "DELETE", "pins", "", (_PINS,)),
    ("actor_changed", "UPDATE", "actors", "NEW.account IS NOT NULL OR NEW.number = 1", _CARD),
    ("actor_gone", "DELETE", "actors", "OLD.account IS NOT NULL", _CARD),
)  # fmt: skip
_UPSERT = "ON CONFLICT (kind, id) DO UPDATE SET version = outbox.version + 1"
LONG = (
    "SELECT 'profile', CAST(author AS VARCHAR(100)), {now} FROM posts WHERE visibility < 2 AND uri IS NULL "
    "GROUP BY author HAVING count(*) > 20",
    "SELECT 'tag', t.tag, {now} FROM post_tags t JOIN posts p ON p.id = t.post WHERE p.visibility = 0 "
    "AND p.uri IS NULL GROUP BY t.tag HAVING count(*) > 20",
)
"""Lists that have older pages: they are noted, and the house cuts them."""
_NOW = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
}


def upgrade() -> None:
    op.create_table(
        "page_ends",
        sa.Column("kind", sa.String(length=16), nullable=False, comment="of the list: profile or tag"),
        sa.Column("name", sa.String(length=100), nullable=False, comment="whose it is"),
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False, comment="the highest id of the page"),
        sa.PrimaryKeyConstraint("kind", "name", "last", name=op.f("pk_page_ends")),
    )
    op.create_index("ix_page_ends_last", "page_ends", ["last"])
    dialect = op.get_bind().dialect.name
    make = _postgresql if dialect == "postgresql" else _sqlite
    for name, event, table, when, noted in TRIGGERS:
        row = "OLD" if event == "DELETE" else "NEW"
        op.execute(f"DROP TRIGGER outbox_{name}{f' ON {table}' if dialect == 'postgresql' else ''}")
        make(name, event, table, when, [each.format(row=row) for each in noted])
    for each in LONG:
        op.execute(f"INSERT INTO outbox (kind, id, version) {each.format(now=_NOW[dialect])} ON CONFLICT DO NOTHING")


def _sqlite(name: str, event: str, table: str, when: str, noted: list[str]) -> None:
    body = " ".join(
        f"INSERT INTO outbox (kind, id, version) SELECT *, {_NOW['sqlite']} FROM ({each}) WHERE true {_UPSERT};"
        for each in noted
    )
    condition = f"WHEN {when} " if when else ""
    op.execute(f"CREATE TRIGGER outbox_{name} AFTER {event} ON {table} FOR EACH ROW {condition}BEGIN {body} END")


def _postgresql(name: str, event: str, table: str, when: str, noted: list[str]) -> None:
    body = " ".join(
        f"INSERT INTO outbox (kind, id, version) SELECT noted.*, {_NOW['postgresql']} FROM ({each}) AS noted {_UPSERT};"
        for each in noted
    )
    condition = f"WHEN ({when}) " if when else ""
    op.execute(
        f"CREATE OR REPLACE FUNCTION outbox_{name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER outbox_{name} AFTER {event} ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION outbox_{name}()"
    )
