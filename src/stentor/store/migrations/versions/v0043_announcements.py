"""Which posts announce a space."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision: str | None = "0042"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("space", sa.String(length=48), nullable=False),
        sa.Column("moment", sa.String(length=12), nullable=False, comment="spaces.announcing.SpaceMoment, or first"),
        sa.Column("post", sa.BigInteger(), nullable=False, comment="stays when that post goes: it is not made again"),
        sa.PrimaryKeyConstraint("space", "moment", name=op.f("pk_announcements")),
    )
