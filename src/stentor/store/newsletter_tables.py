"""The tables of newsletters: who wants the talks of a person by mail, and what was sent to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from stentor.store.metadata import metadata

subscribers = Table(
    "subscribers",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("outlet", Integer, ForeignKey("outlets.number", ondelete="CASCADE"), nullable=False),
    Column("who", String(64), nullable=False, comment="SHA-256 of the address, with the newsletter"),
    Column("address", Text, nullable=False, comment="sealed (base.seal)"),
    Column("language", String(2), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("confirmed_ms", BigInteger),
    Column("bounces", Integer, nullable=False, comment="mails in a row that their server refused for good"),
    Index("ix_subscribers_outlet", "outlet", "who", unique=True),
    sqlite_autoincrement=True,
)

subscriber_mails = Table(
    "subscriber_mails",
    metadata,
    Column("subscriber", Integer, ForeignKey("subscribers.number", ondelete="CASCADE"), primary_key=True),
    Column("mark", String(80), primary_key=True, comment="space and moment"),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_subscriber_mails_at", "at_ms"),
)
"""Written before a mail is handed over: there is no second one, whatever dies in between."""
