"""An index by which votes are counted without reading each."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision: str | None = "0037"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_index("ix_votes_count", "votes", ["space", "ballot", "choice"])
