"""Tokens for programs, and answers to requests that carry a key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision: str | None = "0032"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("account", sa.String(32), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False, comment="JSON"),
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the token"),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("ends_ms", sa.BigInteger),
        sa.Column("used_ms", sa.BigInteger, comment="to within an hour"),
    )
    op.create_index("ix_api_tokens_account", "api_tokens", ["account"])
    op.create_index("ix_api_tokens_digest", "api_tokens", ["digest"], unique=True)
    op.create_table(
        "answers",
        sa.Column("caller", sa.String(64), primary_key=True, comment="SHA-256 of who asked, of what and of their key"),
        sa.Column("asked", sa.String(64), nullable=False, comment="SHA-256 of the request"),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Integer, comment="null while it is being answered"),
        sa.Column("headers", sa.Text, nullable=False, comment="JSON"),
        sa.Column("body", sa.LargeBinary),
    )
    op.create_index("ix_answers_at_ms", "answers", ["at_ms"])
