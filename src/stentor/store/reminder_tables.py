"""The tables of reminders, beside those of :mod:`stentor.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from stentor.store.tables import metadata

reminders = Table(
    "reminders",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("space", String(48), nullable=False),
    Column("way", String(8), nullable=False),
    Column("who", String(64), nullable=False, comment="SHA-256 of the address, with the space"),
    Column("host", String(255), nullable=False, comment="where it leads"),
    Column("address", Text, nullable=False, comment="sealed (base.seal)"),
    Column("language", String(2), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("confirmed_ms", BigInteger),
    Column("zone", String(60), nullable=False, server_default=text("''"), comment="theirs, empty where nobody said"),
    Index("ix_reminders_space", "space", "way", "who", unique=True),
    sqlite_autoincrement=True,
)
"""Who wants to be told of a space; forgotten when that is done."""

reminded = Table(
    "reminded",
    metadata,
    Column("reminder", Integer, ForeignKey("reminders.number", ondelete="CASCADE"), primary_key=True),
    Column("mark", String(40), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)
"""Of what each of them was told."""

pace = Table(
    "arrival_pace",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="there is one row"),
    Column("free_ms", BigInteger, nullable=False, comment="until then arrivals are spoken for"),
)
"""When the next people may be sent here."""

reach = Table(
    "reach",
    metadata,
    Column("space", String(48), primary_key=True),
    Column("way", String(16), primary_key=True),
    Column("sent", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    Column("came", Integer),
    Column("came_ms", BigInteger),
    Index("ix_reach_came", "came_ms"),
)
"""What went out for a space, and how many came of it: sums."""
