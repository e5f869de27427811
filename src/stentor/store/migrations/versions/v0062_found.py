"""Posts of one author, letters among them, and people by how their handles begin, are found without looking at all.

The index of letters (posts for those whom they mention alone) is partial, and those of PostgreSQL compare signs alone,
in any locale. Text SQL, for SQLAlchemy has such things only in its dialects.
"""

from __future__ import annotations

from alembic import op

revision = "0062"
down_revision: str | None = "0061"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_search_letters ON posts (author, id) WHERE visibility = 3")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_search_actors ON actors (handle text_pattern_ops)")
        op.execute("CREATE INDEX ix_search_accounts ON accounts (handle text_pattern_ops)")
