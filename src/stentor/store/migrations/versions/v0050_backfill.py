"""Posts from before the outbox (0040) become files, too: their documents are noted, and the house writes them."""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision: str | None = "0049"
branch_labels: str | None = None
depends_on: str | None = None

NOTED = (
    "SELECT 'post', CAST(id AS VARCHAR(100)), {now} FROM posts WHERE visibility < 2",
    "SELECT DISTINCT 'thread', CAST(root AS VARCHAR(100)), {now} FROM posts WHERE visibility < 2 AND root IS NOT NULL",
    "SELECT DISTINCT 'profile', CAST(author AS VARCHAR(100)), {now} FROM posts WHERE visibility < 2",
    "SELECT DISTINCT 'tag', t.tag, {now} FROM post_tags t JOIN posts p ON p.id = t.post WHERE p.visibility = 0",
)


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    now = (
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
        if postgresql
        else "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    )
    for each in NOTED:
        op.execute(f"INSERT INTO outbox (kind, id, version) {each.format(now=now)} ON CONFLICT (kind, id) DO NOTHING")
