"""What moderators set for people elsewhere, how servers want to be signed to, and since when somebody likes a post."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision: str | None = "0064"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "person_policies",
        sa.Column("uri", sa.String(500), nullable=False),
        sa.Column("name", sa.String(320), nullable=False, comment="name@server, as it was then"),
        sa.Column("severity", sa.String(8), nullable=False, comment="fediverse.policies.ServerSeverity"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(32), nullable=False, comment="an account's id, or empty for the admin token"),
        sa.PrimaryKeyConstraint("uri", name="pk_person_policies"),
    )
    op.create_index("ix_person_policies_made_ms", "person_policies", ["made_ms"])
    op.create_table(
        "signing_hosts",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_signing_hosts"),
    )
    op.create_index("ix_signing_hosts_at_ms", "signing_hosts", ["at_ms"])
    op.add_column("likes", sa.Column("at_ms", sa.BigInteger, nullable=False, server_default="0"))
