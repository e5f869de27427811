"""Finished recordings: what the list of them needs, so that nobody reads a thousand manifests for it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, insert, select, update

from stentor.base.units import SpaceId
from stentor.store import tables


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A finished recording. The manifest in the object store is the truth; this is its summary."""

    space: SpaceId
    ready_ms: int
    """When it was complete: wall clock, ms."""
    duration_ms: int
    size_bytes: int
    """Of all renditions."""
    gap_chunks: int = 0
    """Chunks nobody published; silence stands in their place."""
    prefix: str
    """Under which its objects are stored, such as ``recordings/my-space``."""


_COLUMNS = tuple(tables.recordings.c[name] for name in Recording.__struct_fields__)


def write_recording(connection: Connection, recording: Recording) -> None:
    """Inserts it or takes the place of the one that is there."""
    values = msgspec.structs.asdict(recording)
    table = tables.recordings
    if connection.execute(update(table).where(table.c.space == recording.space).values(**values)).rowcount == 0:
        connection.execute(insert(table).values(**values))


def read_recording(connection: Connection, space: str) -> Recording | None:
    row = connection.execute(select(*_COLUMNS).where(tables.recordings.c.space == space)).one_or_none()
    return None if row is None else Recording(**row._mapping)


def read_recordings(connection: Connection, *, limit: int, offset: int) -> Sequence[Recording]:
    """The newest first."""
    table = tables.recordings
    query = select(*_COLUMNS).order_by(table.c.ready_ms.desc(), table.c.space).limit(limit).offset(offset)
    return [Recording(**row._mapping) for row in connection.execute(query)]
