"""Who wants to be asked by those who want to follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision: str | None = "0041"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    told = "1 for who is asked by new followers"
    op.add_column("actors", sa.Column("approves", sa.Integer, nullable=False, server_default="0", comment=told))
