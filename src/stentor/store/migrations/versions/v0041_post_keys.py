"""Keys of requests to post, so that each is done once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision: str | None = "0040"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "post_keys",
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="SHA-256 of what the sender calls the request"),
        sa.Column("post", sa.BigInteger(), nullable=False, comment="stays when that post goes"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_post_keys_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_post_keys")),
    )
    op.create_index("ix_post_keys_at_ms", "post_keys", ["actor", "at_ms"], unique=False)
