"""Comments of guests, and who of them is trusted or shut out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision: str | None = "0023"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "guest_comments",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("guest", sa.String(32), nullable=False, comment="digest of the device and the space"),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("shown_ms", sa.BigInteger, comment="when it was approved; null while it is held"),
        sa.PrimaryKeyConstraint("id", name="pk_guest_comments"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_guest_comments_space"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_guest_comments_space", "guest_comments", ["space", "shown_ms"])
    op.create_index("ix_guest_comments_guest", "guest_comments", ["guest", "space"])
    op.create_table(
        "guests",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("guest", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("space", "guest", name="pk_guests"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_guests_space"),
    )
