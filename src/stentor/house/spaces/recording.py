"""What a finished recording amounts to, read from its manifest in the object store."""

from __future__ import annotations

from stentor.base import grid
from stentor.base.errors import NotFound
from stentor.base.rendition import Source
from stentor.base.units import SpaceId
from stentor.store.objects import Objects
from stentor.store.recordings import Recording
from stentor.wire import manifest


async def summarise(objects: Objects, space: SpaceId, *, ready_ms: int) -> Recording:
    """The summary of ``space``'s recording; its manifest is the truth.

    Raises :class:`Overloaded` when the object store does not answer, :class:`Malformed` for a damaged manifest.
    """
    chunks = size = gaps = page = 0
    while True:
        try:
            data = await objects.get(manifest.page_key(space, page))
        except NotFound:
            break  # the page after the last
        for entry in manifest.decode_page(data):
            chunks += entry.chunks
            size += sum(stored.size for stored in entry.renditions.values())
            gaps += sum(run.last - run.first for run in entry.runs if run.source is Source.GAP)
        page += 1
    return Recording(
        space=space,
        ready_ms=ready_ms,
        duration_ms=chunks * grid.CHUNK_MS,
        size_bytes=size,
        gap_chunks=gaps,
        prefix=f"recordings/{space}",
    )
