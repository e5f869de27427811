"""What has just happened, for those who listen. Triggers write it, in the transaction of what happened; it is forgotten
after minutes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from stentor.store.metadata import metadata

happenings = Table(
    "happenings",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("number", BigInteger, nullable=False, comment="of the post, notification or filter"),
    Column("actor", BigInteger, nullable=False, comment="its author, or who is told"),
    Column("audience", Integer, nullable=False, comment="of the post: social.model.Audience"),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_happenings_at_ms", "at_ms"),
    sqlite_autoincrement=True,
)
