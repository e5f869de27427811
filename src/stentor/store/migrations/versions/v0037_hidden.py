"""Since when somebody wants no public page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision: str | None = "0036"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    told = "since when its person wants no public page; null when they want one"
    op.add_column("accounts", sa.Column("hidden_ms", sa.BigInteger, comment=told))
