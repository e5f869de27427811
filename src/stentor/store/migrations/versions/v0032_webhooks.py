"""Servers that are told of events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision: str | None = "0031"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("space", sa.String(48), nullable=False, comment="empty for those of the site"),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("events", sa.Text, nullable=False, comment="JSON: types; none stands for all"),
        sa.Column("private", sa.Boolean, nullable=False, comment="whether it may know of private spaces"),
        sa.Column("secret", sa.String(200), nullable=False, comment="sealed (base.seal)"),
        sa.Column("old_secret", sa.String(200), nullable=False, comment="sealed; empty without one"),
        sa.Column("old_until_ms", sa.BigInteger),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.String(32), nullable=False),
        sa.Column("failing_ms", sa.BigInteger),
        sa.Column("disabled_ms", sa.BigInteger),
        sa.Column("trouble", sa.String(16), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_space", "webhooks", ["space"])
