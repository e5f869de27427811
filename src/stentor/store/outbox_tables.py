"""The outbox: public documents that are to be written anew. Triggers write it, in the transaction of what changed them.

A trigger sees also what goes with an account, and what nobody has thought of: no way of changing a post can forget it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from stentor.store.metadata import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("id", String(100), primary_key=True),
    Column("version", BigInteger, nullable=False, comment="another one each time"),
)

page_ends = Table(
    "page_ends",
    metadata,
    Column("kind", String(16), primary_key=True, comment="of the list: profile or tag"),
    Column("name", String(100), primary_key=True, comment="whose it is"),
    Column("last", BigInteger, primary_key=True, autoincrement=False, comment="the highest id of the page"),
    Index("ix_page_ends_last", "last"),
)
"""Pages of older posts: each has what lies above the end below it, up to its own. The first page has what is newer."""
