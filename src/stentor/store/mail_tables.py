"""The tables of mail, beside those of :mod:`stentor.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from stentor.store.tables import metadata

settings = Table(
    "mail_settings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="there is one row"),
    Column("body", Text, nullable=False, comment="people.mail.MailWishes as JSON"),
    Column("password", Text, comment="sealed; null without one"),
)

addresses = Table(
    "mail_addresses",
    metadata,
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("address", String(200), nullable=False),
    Column("confirmed_ms", BigInteger),
    Column("reports", Boolean, nullable=False, comment="whether they want to hear of new ones"),
    Column("language", String(2), nullable=False, comment="in which they are written to"),
    Index("ix_mail_addresses_address", "address"),
)
