"""Comments, and who is shut out of them; older programs could not read the new event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False, comment="of the writer's seat then; empty without one"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_comments_space"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_comments_account", ondelete="CASCADE"),
        sqlite_autoincrement=True,  # the number of a comment that was removed is never another's
    )
    op.create_index("ix_comments_space", "comments", ["space", "id"])
    op.create_index("ix_comments_account", "comments", ["account", "space", "at_ms"])
    op.create_table(
        "silenced",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("space", "account", name="pk_silenced"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_silenced_space"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_silenced_account", ondelete="CASCADE"),
    )
    op.create_index("ix_silenced_account", "silenced", ["account"])
