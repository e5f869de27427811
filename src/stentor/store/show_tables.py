"""The tables of shows and templates; as those in ``store.tables``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from stentor.store.tables import metadata

shows = Table(
    "shows",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("owner", String(32), nullable=False, comment="empty where the admin token made it"),
    Column("made_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False, comment="spaces.shows.Show as JSON"),
    Index("ix_shows_made_ms", "made_ms"),
)

show_people = Table(
    "show_people",
    metadata,
    Column("account", String(32), primary_key=True),
    Column("show", String(48), ForeignKey("shows.id"), primary_key=True),
    Index("ix_show_people_show", "show"),
)
"""Whose shows there are: owners and co-owners."""

occurrences = Table(
    "occurrences",
    metadata,
    Column("show", String(48), ForeignKey("shows.id"), nullable=False),
    Column("date", String(10), nullable=False),
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("planned", Text, nullable=False, comment="spaces.blueprint.Planned as JSON"),
    Index("ix_occurrences_show", "show", "date"),
)
"""The dates of shows that have a space."""

templates = Table(
    "templates",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account", String(32), nullable=False),
    Column("name", String(80), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False, comment="spaces.blueprint.Blueprint as JSON"),
    Index("ix_templates_account", "account", "made_ms"),
)
