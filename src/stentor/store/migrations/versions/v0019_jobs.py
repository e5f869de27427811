"""Jobs: what was decided and is still to be done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision: str | None = "0018"
branch_labels: str | None = None
depends_on: str | None = None

WAITING = sa.text("done_ms IS NULL")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(200), nullable=False, comment="what it is done to"),
        sa.Column("subject", sa.String(64), nullable=False, comment="joins the jobs of one decision"),
        sa.Column("payload", sa.Text, nullable=False, comment="JSON"),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("trouble", sa.String(64), nullable=False, comment="the code of the error it met last"),
        sa.Column("done_ms", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_due_ms", "jobs", ["due_ms"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index("ix_jobs_subject", "jobs", ["subject"])
    op.create_index("ix_jobs_done_ms", "jobs", ["done_ms"])
