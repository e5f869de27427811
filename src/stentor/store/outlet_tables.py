"""The tables of outlets: accounts of hosts in other networks, what is posted there, and what became of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from stentor.store.metadata import metadata

outlets = Table(
    "outlets",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("account", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("secret", Text, nullable=False, comment="JSON, sealed (base.seal)"),
    Column("host", String(255), nullable=False),
    Column("name", String(120), nullable=False, comment="whose account it is; empty before it was asked"),
    Column("made_ms", BigInteger, nullable=False),
    Column("trouble", String(64), nullable=False),
    Column("said", String(300), nullable=False, comment="in the outlet's own words"),
    Index("ix_outlets_account", "account"),
    sqlite_autoincrement=True,
)

outlet_choices = Table(
    "outlet_choices",
    metadata,
    Column("space", String(48), primary_key=True),
    Column("outlet", Integer, ForeignKey("outlets.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("moments", String(120), nullable=False, comment="with commas"),
    Column("words", Text, nullable=False, comment="the host's own; empty for ours"),
    Column("own", Text, nullable=False, server_default="{}", comment="the host's own by moment, JSON"),
    Index("ix_outlet_choices_outlet", "outlet"),
)

outlet_posts = Table(
    "outlet_posts",
    metadata,
    Column("space", String(48), primary_key=True),
    Column("outlet", Integer, ForeignKey("outlets.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("moment", String(16), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("id", String(500), nullable=False, comment="of the post there"),
    Column("link", String(500), nullable=False),
    Column("trouble", String(64), nullable=False),
    Column("said", String(300), nullable=False, comment="in the outlet's own words"),
    Column("made_ms", BigInteger, nullable=False),
    Column("tried_ms", BigInteger, comment="since then nobody knows whether it is there"),
    Column("tries", Integer, nullable=False, comment="how often a host has asked for it"),
    Index("ix_outlet_posts_outlet", "outlet"),
)
"""One post at most for each moment of a space, whatever dies in between."""

outlet_costs = Table(
    "outlet_costs",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("month", String(7), primary_key=True, comment="such as 2026-11 (UTC)"),
    Column("micros", BigInteger, nullable=False, comment="millionths of a US dollar"),
)
"""What posts at networks that take money have cost the site."""
