"""Words that people do not want to read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision: str | None = "0047"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    told = "word_filters.FilterContext, with spaces between them"
    op.create_table(
        "word_filters",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("contexts", sa.String(length=80), nullable=False, comment=told),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False, comment="a JSON array of social.word_filters.FilterWord"),
        sa.ForeignKeyConstraint(
            ["account"], ["actors.number"], name=op.f("fk_word_filters_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word_filters")),
    )
    op.create_index("ix_word_filters_account", "word_filters", ["account", "id"])
