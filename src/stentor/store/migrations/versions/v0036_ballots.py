"""Questions among the comments, and votes on them and in polls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision: str | None = "0035"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    for table in ("comments", "guest_comments"):
        note = "1 where it asks the stage something"
        op.add_column(table, sa.Column("question", sa.Integer, nullable=False, server_default="0", comment=note))
    op.create_table(
        "votes",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("ballot", sa.String(32), nullable=False, comment="p and a poll's id, or q and a question's number"),
        sa.Column("device", sa.String(24), nullable=False, comment="digest of the device and the space"),
        sa.Column("choice", sa.Integer, nullable=False, comment="0 for a vote that was taken back"),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_votes_space"),
        sa.PrimaryKeyConstraint("space", "ballot", "device", name="pk_votes"),
    )
