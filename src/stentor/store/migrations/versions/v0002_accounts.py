"""Accounts, their passkeys, sessions and recovery codes; invitations to the site; WebAuthn challenges.

Spaces get no new tables, but new events (``SeatClaimed``, ``LinkRenewed``) that older programs cannot read.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("handle", sa.String(30), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("bio", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("password", sa.String(200), comment="argon2id, with its salt and costs; null without a password"),
        sa.Column("picture", sa.LargeBinary, comment="JPEG of 256 pixels"),
        sa.Column("picture_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_index("ix_accounts_handle", "accounts", ["handle"], unique=True)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(1400), nullable=False, comment="base64url"),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False, comment="COSE"),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("used_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_passkeys_account", ondelete="CASCADE"),
    )
    op.create_index("ix_passkeys_account", "passkeys", ["account"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the token"),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_sessions_account", ondelete="CASCADE"),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])
    _secrets()


def _secrets() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the code"),
        sa.PrimaryKeyConstraint("account", "digest", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_recovery_codes_account", ondelete="CASCADE"),
    )
    op.create_table(
        "site_invitations",
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the token"),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("made_by", sa.String(32), nullable=False, comment="an account's id, or empty for the admin token"),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_site_invitations"),
    )
    op.create_table(
        "challenges",
        sa.Column("challenge", sa.String(86), nullable=False, comment="base64url"),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("challenge", name="pk_challenges"),
    )
    op.create_index("ix_challenges_expires_ms", "challenges", ["expires_ms"])
