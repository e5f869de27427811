"""Where spaces are sent to besides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision: str | None = "0055"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "destinations",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("server", sa.String(500), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="its key (base.seal)"),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_destinations_space", "destinations", ["space"])
