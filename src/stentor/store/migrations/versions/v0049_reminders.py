"""Who wants to be told of a space, of what they were told, and when the next people may be sent here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision: str | None = "0048"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "reminders",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("who", sa.String(64), nullable=False, comment="SHA-256 of the address, with the space"),
        sa.Column("host", sa.String(255), nullable=False, comment="where it leads"),
        sa.Column("address", sa.Text, nullable=False, comment="sealed (base.seal)"),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_reminders"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reminders_space", "reminders", ["space", "way", "who"], unique=True)
    op.create_table(
        "reminded",
        sa.Column("reminder", sa.Integer, nullable=False),
        sa.Column("mark", sa.String(40), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["reminder"], ["reminders.number"], name="fk_reminded_reminder", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("reminder", "mark", name="pk_reminded"),
    )
    op.create_table(
        "arrival_pace",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False, comment="there is one row"),
        sa.Column("free_ms", sa.BigInteger, nullable=False, comment="until then arrivals are spoken for"),
        sa.PrimaryKeyConstraint("id", name="pk_arrival_pace"),
    )
