"""The tables of what leaves the site and of what other programs may do here, beside those of ``tables``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from stentor.store.tables import metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("subject", String(64), nullable=False, comment="joins what is listed together"),
    Column("what", String(64), nullable=False, comment="what was sent, in one word"),
    Column("host", String(255), nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", Integer, nullable=False, comment="of the answer; 0 when there was none"),
    Column("trouble", String(64), nullable=False, comment="the code of what went wrong"),
    Column("duration_ms", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False, comment="of the newest attempt"),
    Column("due_ms", BigInteger, nullable=False),
    Index("ix_deliveries_subject", "subject", "at_ms"),
    Index("ix_deliveries_at_ms", "at_ms"),
)
"""Jobs of the couriers with their newest attempt, for 30 days."""

webhooks = Table(
    "webhooks",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("space", String(48), nullable=False, comment="empty for those of the site"),
    Column("name", String(80), nullable=False),
    Column("url", String(500), nullable=False),
    Column("events", Text, nullable=False, comment="JSON: types; none stands for all"),
    Column("private", Boolean, nullable=False, comment="whether it may know of private spaces"),
    Column("secret", String(200), nullable=False, comment="sealed (base.seal)"),
    Column("old_secret", String(200), nullable=False, comment="sealed; empty without one"),
    Column("old_until_ms", BigInteger),
    Column("made_ms", BigInteger, nullable=False),
    Column("made_by", String(32), nullable=False),
    Column("failing_ms", BigInteger),
    Column("disabled_ms", BigInteger),
    Column("trouble", String(16), nullable=False),
    Index("ix_webhooks_space", "space"),
    sqlite_autoincrement=True,
)
"""Servers that are told of events."""
