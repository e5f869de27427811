"""What brings people to a space, and reminders among the notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision: str | None = "0051"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "reach",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("came", sa.Integer),
        sa.Column("came_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("space", "way", name="pk_reach"),
    )
    op.create_index("ix_reach_came", "reach", ["came_ms"])
    op.add_column("notifications", sa.Column("space", sa.String(48), comment="of a reminder"))
    op.add_column("notifications", sa.Column("news", sa.String(16), comment="spaces.reminders.News"))
