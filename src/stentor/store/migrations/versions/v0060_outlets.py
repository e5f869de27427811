"""Outlets: accounts of hosts in other networks, and what is posted there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision: str | None = "0059"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "outlets",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("secret", sa.Text, nullable=False, comment="JSON, sealed (base.seal)"),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("name", sa.String(120), nullable=False, comment="whose account it is; empty before it was asked"),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("trouble", sa.String(64), nullable=False),
        sa.Column("said", sa.String(300), nullable=False, comment="in the outlet's own words"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_outlets_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_outlets"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outlets_account", "outlets", ["account"])
    op.create_table(
        "outlet_choices",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("outlet", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("moments", sa.String(120), nullable=False, comment="with commas"),
        sa.Column("words", sa.Text, nullable=False, comment="the host's own; empty for ours"),
        sa.ForeignKeyConstraint(["outlet"], ["outlets.number"], name="fk_outlet_choices_outlet", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space", "outlet", name="pk_outlet_choices"),
    )
    op.create_index("ix_outlet_choices_outlet", "outlet_choices", ["outlet"])
    op.create_table(
        "outlet_posts",
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("outlet", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("moment", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("id", sa.String(500), nullable=False, comment="of the post there"),
        sa.Column("link", sa.String(500), nullable=False),
        sa.Column("trouble", sa.String(64), nullable=False),
        sa.Column("said", sa.String(300), nullable=False, comment="in the outlet's own words"),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("tried_ms", sa.BigInteger, comment="since then nobody knows whether it is there"),
        sa.Column("tries", sa.Integer, nullable=False, comment="how often a host has asked for it"),
        sa.ForeignKeyConstraint(["outlet"], ["outlets.number"], name="fk_outlet_posts_outlet", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space", "outlet", "moment", name="pk_outlet_posts"),
    )
    op.create_index("ix_outlet_posts_outlet", "outlet_posts", ["outlet"])
