"""The table of posts that were reported, beside those of :mod:`stentor.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from stentor.store.tables import metadata

reported_posts = Table(
    "reported_posts",
    metadata,
    Column("case_number", Integer, ForeignKey("cases.number"), primary_key=True, autoincrement=False),
    Column("post", BigInteger, primary_key=True, autoincrement=False, comment="stays when that post goes"),
    Column("account", String(32), nullable=False, comment="who wrote it"),
    Column("body", Text, nullable=False, comment="the post as it was then, as JSON"),
    Column("kept_ms", BigInteger, nullable=False),
    Index("ix_reported_posts_account", "account"),
    Index("ix_reported_posts_kept_ms", "kept_ms"),
)
