"""Spaces, their events and recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "spaces",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="spaces.model.Space as JSON"),
        sa.PrimaryKeyConstraint("id", name="pk_spaces"),
    )
    op.create_index("ix_spaces_created_ms", "spaces", ["created_ms"])
    op.create_table(
        "events",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("version", sa.Integer, nullable=False, comment="the space's version after it"),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="spaces.events.Event as JSON"),
        sa.PrimaryKeyConstraint("space", "version", name="pk_events"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_events_space"),
    )
    op.create_table(
        "recordings",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("ready_ms", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("gap_chunks", sa.BigInteger, nullable=False),
        sa.Column("prefix", sa.String(200), nullable=False, comment="of its objects, manifest included"),
        sa.PrimaryKeyConstraint("space", name="pk_recordings"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_recordings_space"),
    )
    op.create_index("ix_recordings_ready_ms", "recordings", ["ready_ms"])
