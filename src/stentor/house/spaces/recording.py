"""What a finished recording amounts to, read from its manifest in the object store."""

from __future__ import annotations

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.base.units import SpaceId
from stentor.store import proof
from stentor.store.objects import Objects
from stentor.store.recordings import Recording


async def summarise(objects: Objects, space: SpaceId, *, ready_ms: int) -> Recording:
    """The summary of ``space``'s recording; its manifest is the truth.

    Raises :class:`Overloaded` when the object store does not answer, :class:`Malformed` for a damaged manifest.
    """
    chunks = size = gaps = 0
    async for entry in proof.entries_of(objects, space):
        chunks += entry.chunks
        size += sum(stored.size for stored in entry.renditions.values())
        gaps += sum(run.last - run.first for run in entry.runs if run.source is Source.GAP)
    return Recording(
        space=space,
        ready_ms=ready_ms,
        duration_ms=chunks * grid.CHUNK_MS,
        size_bytes=size,
        gap_chunks=gaps,
        prefix=f"recordings/{space}",
    )
