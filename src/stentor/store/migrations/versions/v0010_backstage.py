"""The hosts' back channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "backstage",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backstage"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_backstage_space"),
    )
    op.create_index("ix_backstage_space", "backstage", ["space", "id"])
