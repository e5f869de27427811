"""What people bring along from elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision: str | None = "0054"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    archive = "of an archive in the object store; empty for a list"
    row = "JSON, of social.imports.ImportLine or of a post in an archive"
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="social.imports.ImportKind"),
        sa.Column("name", sa.String(length=200), nullable=False, comment="of the file"),
        sa.Column("state", sa.String(length=8), nullable=False, comment="store.imports.ImportState"),
        sa.Column("key", sa.String(length=80), nullable=False, comment=archive),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.String(length=64), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "left_out", sa.Text(), server_default=sa.text("''"), nullable=False, comment="a JSON object of numbers"
        ),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_imports_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_actor", "imports", ["actor", "id"])
    op.create_index("ix_imports_state", "imports", ["state", "id"])
    op.create_table(
        "import_rows",
        sa.Column("move", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment=row),
        sa.Column(
            "result",
            sa.String(length=32),
            server_default=sa.text("''"),
            nullable=False,
            comment="empty until it was tried",
        ),
        sa.ForeignKeyConstraint(["move"], ["imports.id"], name=op.f("fk_import_rows_move"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("move", "number", name=op.f("pk_import_rows")),
    )
    op.create_index("ix_import_rows_result", "import_rows", ["move", "result", "number"])
    op.create_table(
        "imported_posts",
        sa.Column("actor", sa.BigInteger(), nullable=False),
        sa.Column("uri", sa.String(length=500), nullable=False, comment="where it was"),
        sa.Column("post", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actors.number"], name=op.f("fk_imported_posts_actor"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_imported_posts_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("actor", "uri", name=op.f("pk_imported_posts")),
    )
    op.create_index("ix_imported_posts_post", "imported_posts", ["post"])
