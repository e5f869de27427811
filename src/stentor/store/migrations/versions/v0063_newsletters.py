"""Newsletters: who wants the talks of a person by mail; and a host's own words for each moment of a space."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision: str | None = "0062"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "subscribers",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("outlet", sa.Integer, nullable=False),
        sa.Column("who", sa.String(64), nullable=False, comment="SHA-256 of the address, with the newsletter"),
        sa.Column("address", sa.Text, nullable=False, comment="sealed (base.seal)"),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger),
        sa.Column("bounces", sa.Integer, nullable=False, comment="mails in a row that their server refused for good"),
        sa.ForeignKeyConstraint(["outlet"], ["outlets.number"], name="fk_subscribers_outlet", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_subscribers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscribers_outlet", "subscribers", ["outlet", "who"], unique=True)
    op.create_table(
        "subscriber_mails",
        sa.Column("subscriber", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(80), nullable=False, comment="space and moment"),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.number"], name="fk_subscriber_mails_subscriber", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber", "mark", name="pk_subscriber_mails"),
    )
    op.create_index("ix_subscriber_mails_at", "subscriber_mails", ["at_ms"])
    op.add_column(
        "outlet_choices",
        sa.Column("own", sa.Text, nullable=False, server_default="{}", comment="the host's own by moment, JSON"),
    )
