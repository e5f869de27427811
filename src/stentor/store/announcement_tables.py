"""Which posts announce a space: one for each moment at most, and the first one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from stentor.store.metadata import metadata

announcements = Table(
    "announcements",
    metadata,
    Column("space", String(48), primary_key=True),
    Column("moment", String(12), primary_key=True, comment="spaces.announcing.SpaceMoment, or first"),
    Column("post", BigInteger, nullable=False, comment="stays when that post goes: it is not made again"),
)
