"""The fediverse: what people pin elsewhere, who has moved, quotes and polls across servers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision: str | None = "0050"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "remote_actors",
        sa.Column(
            "featured", sa.String(500), nullable=False, server_default="", comment="where what they pin is listed"
        ),
    )
    op.add_column(
        "post_polls",
        sa.Column("votes", sa.Text(), nullable=False, server_default="", comment="of a poll elsewhere, a JSON array"),
    )
    op.add_column(
        "post_polls", sa.Column("voters", sa.Integer(), nullable=False, server_default="0", comment="the same")
    )
    op.create_table(
        "departed_keys",
        sa.Column("actor", sa.BigInteger(), autoincrement=False, nullable=False, comment="the number; its row is gone"),
        sa.Column("secret", sa.Text(), nullable=False, comment="sealed (base.seal)"),
        sa.Column("gone_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_departed_keys")),
    )
    op.create_table(
        "moves",
        sa.Column("actor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False, comment="a JSON array: addresses that are theirs, too"),
        sa.Column(
            "moved_to",
            sa.String(500),
            nullable=False,
            comment="the address of who they are now; empty mostly",
        ),
        sa.Column("moved_ms", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.String(320), nullable=False, comment="what they asked for last: a name, @name@server"),
        sa.Column("trouble", sa.String(64), nullable=False, comment="why that cannot be"),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_moves_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_moves")),
    )
    op.create_table(
        "quote_links",
        sa.Column("post", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "request",
            sa.String(500),
            nullable=False,
            comment="the activity that asked whether this post may quote",
        ),
        sa.Column("stamp", sa.String(500), nullable=False, comment="the address of what says that it may"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_quote_links_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_quote_links")),
    )
