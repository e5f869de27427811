"""The tables of what leaves the site and of what other programs may do here, beside those of ``tables``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

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

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("scopes", Text, nullable=False, comment="JSON"),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the token"),
    Column("made_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger),
    Column("used_ms", BigInteger, comment="to within an hour"),
    Index("ix_api_tokens_account", "account"),
    Index("ix_api_tokens_digest", "digest", unique=True),
)
"""What programs act with as their people."""

answers = Table(
    "answers",
    metadata,
    Column("caller", String(64), primary_key=True, comment="SHA-256 of who asked, of what and of their key"),
    Column("asked", String(64), nullable=False, comment="SHA-256 of the request"),
    Column("at_ms", BigInteger, nullable=False),
    Column("status", Integer, comment="null while it is being answered"),
    Column("headers", Text, nullable=False, comment="JSON"),
    Column("body", LargeBinary),
    Index("ix_answers_at_ms", "at_ms"),
)
"""Answers to requests with an Idempotency-Key, for a day."""

destinations = Table(
    "destinations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("space", String(48), nullable=False),
    Column("name", String(80), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("server", String(500), nullable=False),
    Column("sealed", Text, nullable=False, comment="its key (base.seal)"),
    Column("on", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("made_by", String(32), nullable=False),
    Index("ix_destinations_space", "space"),
    sqlite_autoincrement=True,
)
"""Where spaces are sent to besides."""
