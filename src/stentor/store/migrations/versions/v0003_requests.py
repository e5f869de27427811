"""The line of those who ask to speak; programs older than this could not read the new events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("id", sa.String(48), nullable=False, comment="of the seat that its person would get"),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("asked_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("space", "id", name="pk_requests"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_requests_space"),
    )
