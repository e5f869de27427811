"""The broadcast delay: no table changes, but older programs could not read the new events."""

from __future__ import annotations

revision = "0030"
down_revision: str | None = "0029"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Nothing to do."""
