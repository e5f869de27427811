"""How often something was tried with credentials, so that several houses count together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "tries",
        sa.Column("key", sa.String(64), nullable=False, comment="SHA-256 of what is counted"),
        sa.Column("clear_ms", sa.BigInteger, nullable=False, comment="when all tries are there again"),
        sa.PrimaryKeyConstraint("key", name="pk_tries"),
    )
