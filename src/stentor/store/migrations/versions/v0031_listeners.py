"""Who is invited to hear a private space."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision: str | None = "0030"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "invited_listeners",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_invited_listeners_space"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_invited_listeners_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space", "account", name="pk_invited_listeners"),
    )
    op.create_index("ix_invited_listeners_account", "invited_listeners", ["account"])
