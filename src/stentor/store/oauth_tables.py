"""The tables of the apps that people sign in to: secrets, codes and tokens as digests only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from stentor.store.metadata import metadata


def _app() -> Column[int]:
    return Column("app", BigInteger, ForeignKey("oauth_apps.id", ondelete="CASCADE"), nullable=False)


oauth_apps = Table(
    "oauth_apps",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("client_id", String(64), nullable=False),
    Column("secret", String(64), nullable=False, comment="SHA-256"),
    Column("name", String(80), nullable=False),
    Column("website", String(500), nullable=False),
    Column("redirect_uris", Text, nullable=False, comment="a JSON array"),
    Column("scopes", Text, nullable=False, comment="with spaces between them"),
    Column("made_ms", BigInteger, nullable=False),
    Index("ix_oauth_apps_client_id", "client_id", unique=True),
)

oauth_codes = Table(
    "oauth_codes",
    metadata,
    Column("digest", String(64), primary_key=True, comment="SHA-256 of the code"),
    _app(),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", String(128), nullable=False, comment="S256 (RFC 7636); empty without one"),
    Column("ends_ms", BigInteger, nullable=False),
    Column("token", String(64), nullable=False, comment="digest of what it was exchanged for; empty before"),
    Index("ix_oauth_codes_ends_ms", "ends_ms"),
)
"""Kept until they end, also when they were used: one that comes twice ends its token."""

oauth_tokens = Table(
    "oauth_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the token"),
    _app(),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), comment="null for the app's own"),
    Column("scopes", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, comment="to within an hour"),
    Index("ix_oauth_tokens_digest", "digest", unique=True),
    Index("ix_oauth_tokens_account", "account"),
    Index("ix_oauth_tokens_app", "app"),
)
