"""Who agreed to the recording: no table changes, but programs older than this could not read the new event."""

from __future__ import annotations

revision = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Nothing to do."""
