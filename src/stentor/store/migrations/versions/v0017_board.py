"""What is on is found by index, whatever there was; which documents the edges lack; tries by when they are clear."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None

_FIELD = {"sqlite": "json_extract(body, '$.{0}')", "postgresql": "CAST(CAST(body AS json) ->> '{0}' AS bigint)"}


def upgrade() -> None:
    op.add_column("spaces", sa.Column("when_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("spaces", sa.Column("published", sa.Integer, nullable=False, server_default="0"))
    field = _FIELD[op.get_bind().dialect.name]
    times = ", ".join(field.format(name) for name in ("ended_ms", "scheduled_ms"))
    op.execute(f"UPDATE spaces SET when_ms = COALESCE({times}, created_ms)")
    op.create_index("ix_spaces_state", "spaces", ["state", "created_ms"])
    op.create_index("ix_spaces_when_ms", "spaces", ["state", "when_ms"])
    unpublished = sa.text("published < version")
    op.create_index(
        "ix_spaces_published", "spaces", ["created_ms"], sqlite_where=unpublished, postgresql_where=unpublished
    )
    op.create_index("ix_tries_clear_ms", "tries", ["clear_ms"])
