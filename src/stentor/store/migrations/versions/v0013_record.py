"""The record of what is done to accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "account_record",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(32), nullable=False, comment="a handle, or empty for the admin token"),
        sa.Column("handle", sa.String(32), nullable=False, comment="of the account; empty for an invitation"),
        sa.Column("by_account", sa.String(32), nullable=False, comment="their id; a handle may be another's later"),
        sa.Column("account", sa.String(32), nullable=False, comment="its id"),
        sa.Column("deed", sa.String(24), nullable=False),
        sa.Column("detail", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_record"),
        sqlite_autoincrement=True,
    )
