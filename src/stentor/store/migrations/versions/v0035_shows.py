"""Shows with their dates, and templates of spaces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision: str | None = "0034"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "shows",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(32), nullable=False, comment="empty where the admin token made it"),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="spaces.shows.Show as JSON"),
        sa.PrimaryKeyConstraint("id", name="pk_shows"),
    )
    op.create_index("ix_shows_made_ms", "shows", ["made_ms"])
    op.create_table(
        "show_people",
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("show", sa.String(48), nullable=False),
        sa.ForeignKeyConstraint(["show"], ["shows.id"], name="fk_show_people_show"),
        sa.PrimaryKeyConstraint("account", "show", name="pk_show_people"),
    )
    op.create_index("ix_show_people_show", "show_people", ["show"])
    op.create_table(
        "occurrences",
        sa.Column("show", sa.String(48), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("space", sa.String(48), nullable=False),
        sa.Column("planned", sa.Text, nullable=False, comment="spaces.blueprint.Planned as JSON"),
        sa.ForeignKeyConstraint(["show"], ["shows.id"], name="fk_occurrences_show"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_occurrences_space"),
        sa.PrimaryKeyConstraint("space", name="pk_occurrences"),
    )
    op.create_index("ix_occurrences_show", "occurrences", ["show", "date"])
    op.create_table(
        "templates",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="spaces.blueprint.Blueprint as JSON"),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
    )
    op.create_index("ix_templates_account", "templates", ["account", "made_ms"])
