"""What was removed, and what of it is still stored. Programs older than this could not read the new events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    for name in ("removals", "erased"):
        op.add_column("spaces", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    unerased = sa.text("erased < removals")
    op.create_index("ix_spaces_erased", "spaces", ["created_ms"], sqlite_where=unerased, postgresql_where=unerased)
