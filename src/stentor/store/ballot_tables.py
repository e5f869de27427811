"""The table of votes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from stentor.store.metadata import metadata

votes = Table(
    "votes",
    metadata,
    Column("space", String(48), ForeignKey("spaces.id"), primary_key=True),
    Column("ballot", String(32), primary_key=True, comment="p and a poll's id, or q and a question's number"),
    Column("device", String(24), primary_key=True, comment="digest of the device and the space"),
    Column("choice", Integer, nullable=False, comment="0 for a vote that was taken back"),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_votes_count", "space", "ballot", "choice"),
)
