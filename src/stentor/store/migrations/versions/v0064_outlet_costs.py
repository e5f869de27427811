"""What posts at networks that take money have cost the site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision: str | None = "0063"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "outlet_costs",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("month", sa.String(7), nullable=False, comment="such as 2026-11 (UTC)"),
        sa.Column("micros", sa.BigInteger, nullable=False, comment="millionths of a US dollar"),
        sa.PrimaryKeyConstraint("kind", "month", name="pk_outlet_costs"),
    )
