"""The table of apps that want push messages: one row a token, which goes with it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from stentor.store.metadata import metadata

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("token", String(16), ForeignKey("oauth_tokens.id", ondelete="CASCADE"), nullable=False),
    Column("actor", BigInteger, ForeignKey("actors.number", ondelete="CASCADE"), nullable=False),
    Column("host", String(255), nullable=False, comment="where it leads"),
    Column("address", Text, nullable=False, comment="sealed (base.seal), with what the app shows itself by"),
    Column("alerts", String(200), nullable=False, comment="with spaces between them"),
    Column("policy", String(8), nullable=False),
    Column("standard", Integer, nullable=False, comment="1 for RFC 8291, 0 for its draft"),
    Column("language", String(8), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Index("ix_push_subscriptions_token", "token", unique=True),
    Index("ix_push_subscriptions_actor", "actor"),
    sqlite_autoincrement=True,
)
