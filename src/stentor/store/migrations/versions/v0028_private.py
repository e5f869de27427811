"""Passwords and tickets of private spaces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision: str | None = "0027"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "space_passwords",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("hash", sa.Text, nullable=False, comment="argon2id"),
        sa.Column("set_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_space_passwords_space"),
        sa.PrimaryKeyConstraint("space", name="pk_space_passwords"),
    )
    op.create_table(
        "tickets",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of its code; empty when it was taken back"),
        sa.Column("used_ms", sa.BigInteger),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_tickets_space"),
        sa.PrimaryKeyConstraint("space", "number", name="pk_tickets"),
    )
    op.create_index("ix_tickets_digest", "tickets", ["space", "digest"])
