"""The time zone in which somebody reads when a talk begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision: str | None = "0060"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "reminders",
        sa.Column("zone", sa.String(60), nullable=False, server_default="", comment="theirs, empty where nobody said"),
    )
