"""Spaces whose audience may or may not react; programs older than this could not read the new event."""

from __future__ import annotations

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Nothing to change: the event stands among the others."""
