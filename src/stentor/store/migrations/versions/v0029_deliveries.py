"""What left the site, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision: str | None = "0028"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("subject", sa.String(64), nullable=False, comment="joins what is listed together"),
        sa.Column("what", sa.String(64), nullable=False, comment="what was sent, in one word"),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer, nullable=False, comment="of the answer; 0 when there was none"),
        sa.Column("trouble", sa.String(64), nullable=False, comment="the code of what went wrong"),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False, comment="of the newest attempt"),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_deliveries_subject", "deliveries", ["subject", "at_ms"])
    op.create_index("ix_deliveries_at_ms", "deliveries", ["at_ms"])
