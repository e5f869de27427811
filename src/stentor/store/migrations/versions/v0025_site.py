"""The name, the looks and the texts of the site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision: str | None = "0024"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.Integer, nullable=False, comment="there is one row"),
        sa.Column("body", sa.Text, nullable=False, comment="JSON"),
        sa.Column("logo", sa.LargeBinary, comment="JPEG"),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
    )
