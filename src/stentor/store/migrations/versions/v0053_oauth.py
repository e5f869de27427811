"""Apps of Mastodon's client API: who they are, and what people let them do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision: str | None = "0052"
branch_labels: str | None = None
depends_on: str | None = None


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "oauth_apps",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False, comment="SHA-256"),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("website", sa.String(length=500), nullable=False),
        sa.Column("redirect_uris", sa.Text(), nullable=False, comment="a JSON array"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="with spaces between them"),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_apps")),
    )
    op.create_index("ix_oauth_apps_client_id", "oauth_apps", ["client_id"], unique=True)
    told = "digest of what it was exchanged for; empty before"
    op.create_table(
        "oauth_codes",
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of the code"),
        sa.Column("app", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("challenge", sa.String(length=128), nullable=False, comment="S256 (RFC 7636); empty without one"),
        sa.Column("ends_ms", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False, comment=told),
        _to("oauth_codes", "app", "oauth_apps.id"),
        _to("oauth_codes", "account", "accounts.id"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_oauth_codes")),
    )
    op.create_index("ix_oauth_codes_ends_ms", "oauth_codes", ["ends_ms"])
    op.create_table(
        "oauth_tokens",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of the token"),
        sa.Column("app", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=True, comment="null for the app's own"),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True, comment="to within an hour"),
        _to("oauth_tokens", "app", "oauth_apps.id"),
        _to("oauth_tokens", "account", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_tokens")),
    )
    op.create_index("ix_oauth_tokens_digest", "oauth_tokens", ["digest"], unique=True)
    op.create_index("ix_oauth_tokens_account", "oauth_tokens", ["account"])
    op.create_index("ix_oauth_tokens_app", "oauth_tokens", ["app"])
