"""What is kept for a time only: no table changes, but programs older than this could not read the new events."""

from __future__ import annotations

revision = "0021"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Nothing to do."""
