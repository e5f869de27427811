"""The outbox: public documents that are to be written anew. Triggers write it, in the transaction of what changed them.

A trigger sees also what goes with an account, and what nobody has thought of: no way of changing a post can forget it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from stentor.store.metadata import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("id", String(100), primary_key=True),
    Column("version", BigInteger, nullable=False, comment="another one each time"),
)
