"""Posts that moderators withhold or label, what is kept of a post that was reported, and labels in decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision: str | None = "0043"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    label = "of moderators; before the warning"
    op.add_column("posts", sa.Column("label", sa.Text, nullable=False, server_default="", comment=label))
    op.add_column("posts", sa.Column("taken_from", sa.Integer, comment="the audience of before it was withheld"))
    op.add_column("posts", sa.Column("taken_ms", sa.BigInteger, comment="since when moderators have taken it down"))
    taken = sa.text("taken_ms IS NOT NULL")
    op.create_index("ix_posts_taken_ms", "posts", ["taken_ms"], sqlite_where=taken, postgresql_where=taken)
    op.add_column("decisions", sa.Column("label", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "reported_posts",
        sa.Column("case_number", sa.Integer, nullable=False),
        sa.Column("post", sa.BigInteger, nullable=False, comment="stays when that post goes"),
        sa.Column("account", sa.String(32), nullable=False, comment="who wrote it"),
        sa.Column("body", sa.Text, nullable=False, comment="the post as it was then, as JSON"),
        sa.Column("kept_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("case_number", "post", name="pk_reported_posts"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_reported_posts_case_number"),
    )
    op.create_index("ix_reported_posts_account", "reported_posts", ["account"])
    op.create_index("ix_reported_posts_kept_ms", "reported_posts", ["kept_ms"])
