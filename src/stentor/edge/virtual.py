"""``recording.m4a``: a file that is nowhere whole (decision 0010)."""

from __future__ import annotations

from typing import NamedTuple

from stentor.base import grid
from stentor.base.errors import NotFound
from stentor.base.rendition import Rendition
from stentor.wire import mp4
from stentor.wire.manifest import Entry


class VirtualFile(NamedTuple):
    """A file that is nowhere whole: its beginning, the entries whose segments follow, and the sizes of all these."""

    head: bytes
    entries: list[Entry]
    sizes: list[int]


def virtual_file(entries: list[Entry], rendition: Rendition, *, first_chunk: int = 0) -> VirtualFile:
    """What ``recording.m4a`` is made of; chunk ``first_chunk`` is its beginning.

    Raises :class:`NotFound` when there is nothing of that rendition.
    """
    there = [entry for entry in entries if rendition.name in entry.renditions]
    if not there:
        raise NotFound("The recording has no such rendition.", code="no-such-rendition")
    ends = [*(entry.first_chunk for entry in there[1:]), there[-1].first_chunk + there[-1].chunks]
    # a hole belongs to the segment before it; the index has 32 bits, a day
    durations = [
        min(grid.CHUNK_SAMPLES * (end - entry.first_chunk), 2**32 - 1) for entry, end in zip(there, ends, strict=True)
    ]
    sizes = [entry.renditions[rendition.name].size for entry in there]
    index = mp4.sidx(sizes, durations, decode_time=grid.decode_time(there[0].first_chunk - first_chunk))
    head = mp4.init(rendition, duration_s=sum(durations) / grid.SAMPLE_RATE_HZ) + index
    return VirtualFile(head, there, [len(head), *sizes])
