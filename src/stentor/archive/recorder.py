"""From chunks to segments and their entries in the manifest. Pure, and the same bytes whoever does it again.

A recording begins with chunk 0 and has every number up to the last one; what nobody published is silence, marked
``Source.GAP``, and more than a minute of that is one entry without sound. A segment's bytes are those that an edge
serves for it: one fragment a part, each with the pulse of its first chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final, NamedTuple

from stentor.audio.hold import silent_chunk
from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Rendition, Source
from stentor.wire import manifest, mp4
from stentor.wire.chunk import Chunk
from stentor.wire.manifest import Entry, Run, StoredObject

Frames = Mapping[str, list[bytes]]
SILENCE_CHUNKS: Final = 187
"""The longest silence that is written: 59.84 s. A longer hole is an entry and no bytes, however long it lasts."""


class SealedSegment(NamedTuple):
    """A segment to be stored: its objects first (key → bytes), then its entry."""

    entry: Entry
    objects: dict[str, bytes]


class OpenChunk(NamedTuple):
    """A chunk of the open segment."""

    number: int
    source: Source
    pulse: bytes
    frames: Frames


class Recorder:
    """One space's recording; goes on behind ``after``, the last entry of its manifest."""

    def __init__(self, space: str, doors_open_ms: int, after: Entry | None = None) -> None:
        self.space = space
        self.gaps = 0
        """Chunks that nobody published."""
        self._doors_open_ms = doors_open_ms
        self._hash = after.hash if after else manifest.FIRST_HASH
        self.next: int = after.first_chunk + after.chunks if after else 0
        """The number of the chunk that is wanted next."""
        self._open: list[OpenChunk] = []

    def add(self, chunk: Chunk) -> Iterator[SealedSegment]:
        """Takes a chunk and gives the segments that become whole, after gaps for the numbers left out.

        A number that was there already is passed over. The iterator must be used up before the next call.
        """
        if chunk.number < self.next:
            return
        yield from self._fill(chunk.number)
        yield from self._append(OpenChunk(chunk.number, chunk.source, chunk.pulse, _complete(chunk.frames)))

    def finish(self, last: int) -> Iterator[SealedSegment]:
        """The rest of a space whose last chunk is ``last``; what is behind it in the open segment is dropped."""
        self._open = [kept for kept in self._open if kept.number <= last]
        if self._open:
            self.next = self._open[-1].number + 1
        yield from self._fill(last + 1)
        if self._open:
            yield self._close()

    def _fill(self, end: int) -> Iterator[SealedSegment]:
        """What nobody published, up to ``end``."""
        self.gaps += max(0, end - self.next)
        if end - self.next > SILENCE_CHUNKS:
            first = grid.first_chunk_of_segment(-(-self.next // grid.CHUNKS_PER_SEGMENT))
            last = grid.first_chunk_of_segment(grid.segment_of(end))
            yield from self._silence(first)
            yield self._hole(first, last)
        yield from self._silence(end)

    def _silence(self, end: int) -> Iterator[SealedSegment]:
        while self.next < end:
            yield from self._append(OpenChunk(self.next, Source.GAP, b"", silent_chunk()))

    def _append(self, kept: OpenChunk) -> Iterator[SealedSegment]:
        self._open.append(kept)
        self.next = kept.number + 1
        if self.next % grid.CHUNKS_PER_SEGMENT == 0:
            yield self._close()

    def _hole(self, first: int, last: int) -> SealedSegment:
        """Whole segments without sound."""
        self.next = last
        return self._chained(first, [Run(Source.GAP, first, last)], {}, {})

    def _close(self) -> SealedSegment:
        chunks, self._open = self._open, []
        number = grid.segment_of(chunks[0].number)
        objects: dict[str, bytes] = {}
        stored: dict[str, StoredObject] = {}
        for rendition in RENDITIONS:
            data = segment_bytes(rendition, chunks)
            key = manifest.segment_key(self.space, rendition.name, number)
            objects[key] = data
            stored[rendition.name] = StoredObject(key, len(data), hashlib.sha256(data).hexdigest())
        return self._chained(chunks[0].number, _runs(chunks), stored, objects)

    def _chained(
        self, first: int, runs: list[Run], stored: dict[str, StoredObject], objects: dict[str, bytes]
    ) -> SealedSegment:
        start_ms = self._doors_open_ms + first * grid.CHUNK_MS
        number = grid.segment_of(first)
        entry = manifest.chain(self._hash, Entry(number=number, start_ms=start_ms, runs=runs, renditions=stored))
        self._hash = entry.hash
        return SealedSegment(entry, objects)


def inits(space: str) -> dict[str, bytes]:
    """The initialisation segments of a recording: key → bytes."""
    return {manifest.init_key(space, rendition.name): mp4.init(rendition) for rendition in RENDITIONS}


def segment_bytes(rendition: Rendition, chunks: list[OpenChunk]) -> bytes:
    """Neighbouring chunks of one segment as fragmented MP4, one fragment a part."""
    fragments = []
    for part, group in groupby(chunks, key=lambda kept: grid.part_of(kept.number)):
        kept = list(group)
        first = kept[0]
        start = grid.decode_time(first.number)
        event = b""
        if first.pulse:
            event = mp4.emsg(first.pulse, decode_time=start, duration=grid.PART_SAMPLES, id=first.number)
        frames = [frame for each in kept for frame in each.frames[rendition.name]]
        fragments.append(mp4.fragment(rendition, sequence=part + 1, decode_time=start, frames=frames, emsg=event))
    return b"".join(fragments)


def _runs(chunks: list[OpenChunk]) -> list[Run]:
    runs = []
    for source, group in groupby(chunks, key=lambda kept: kept.source):
        numbers = [kept.number for kept in group]
        runs.append(Run(source, numbers[0], numbers[-1] + 1))
    return runs


_NAMES: Final = {rendition.name for rendition in RENDITIONS}


def _complete(frames: Frames) -> Frames:
    """A chunk of a programme with fewer renditions is silent in the others."""
    return frames if frames.keys() >= _NAMES else {**silent_chunk(), **frames}
