"""The recording's manifest: what every segment is made of, chained by hashes so that nothing is changed unseen.

One :class:`Entry` a segment, as a line of JSON; 256 of them a page (16 minutes). Each entry holds the SHA-256 of the
one before, so whoever keeps the last hash can prove all that came before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

import msgspec

from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.rendition import Source

PAGE_ENTRIES = 256
MAX_PAGE_BYTES = 2 * 1024 * 1024
"""An entry has about 700 bytes; ten times as much in every one is a mistake or an attack."""
FIRST_HASH = "0" * 64
"""What the first entry gives as the hash of the one before."""


class Run(NamedTuple):
    """Chunks ``[first, last)`` of the space that came from one source."""

    source: Source
    first: int
    last: int


class StoredObject(msgspec.Struct, frozen=True):
    """One rendition's object of a segment."""

    key: str
    size: int
    sha256: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Segment ``number`` (= ``grid.segment_of(first_chunk)``) of a recording.

    ``runs`` cover its chunks without holes, in order: twelve of them unless the recording begins or ends within the
    segment; ``Source.GAP`` for chunks nobody published. A *hole*, more than a minute of those, is one entry however
    long it is: whole segments from ``number`` on, one run of ``Source.GAP``, no renditions. ``start_ms`` is the wall
    clock of its first sample. ``previous`` is the hash of the entry before, ``hash`` that of this one (:func:`chain`).
    """

    number: int
    start_ms: int
    runs: list[Run]
    renditions: dict[str, StoredObject]
    previous: str = FIRST_HASH
    hash: str = ""

    @property
    def first_chunk(self) -> int:
        return self.runs[0].first

    @property
    def hole(self) -> bool:
        """Nobody published it, and no sound stands in its place."""
        return not self.renditions and len(self.runs) == 1 and self.runs[0].source is Source.GAP

    @property
    def following(self) -> int:
        """The number of the entry that comes next."""
        return grid.segment_of(self.runs[-1].last - 1) + 1

    @property
    def chunks(self) -> int:
        """How many chunks long it is, those of gaps included."""
        return self.runs[-1].last - self.runs[0].first

    @property
    def present(self) -> int:
        """How many of its chunks somebody published."""
        return sum(run.last - run.first for run in self.runs if run.source is not Source.GAP)

    @property
    def duration_s(self) -> float:
        return _seconds(self.chunks)


class Fault(StrEnum):
    """What can be wrong with a manifest."""

    CHANGED = "changed"
    """An entry is not what its hash says."""
    BROKEN = "broken"
    """An entry does not name the hash of the one before."""
    MISSING = "missing"
    """Numbers are left out."""
    DOUBLE = "double"
    """A number comes again, or goes back."""


class Problem(NamedTuple):
    """A fault at segment ``number`` and a sentence about it."""

    fault: Fault
    number: int
    detail: str


class Span(NamedTuple):
    """Sound that did not come from where it should: wall-clock start (ms), seconds, and its source."""

    source: Source
    start_ms: int
    duration_s: float


class GapReport(msgspec.Struct, frozen=True):
    """Seconds of a recording by source, and every gap and filler with its time."""

    seconds: dict[str, float]
    spans: list[Span]


_lines = msgspec.json.Encoder(order="sorted")
_entry = msgspec.json.Decoder(Entry)


def init_key(space: str, rendition: str) -> str:
    """The object that holds a rendition's initialisation segment."""
    return f"recordings/{space}/{rendition}/init.mp4"


def segment_key(space: str, rendition: str, number: int) -> str:
    """The object that holds segment ``number``."""
    return f"recordings/{space}/{rendition}/{number}.m4s"


def piece_key(space: str, rendition: str, number: int, sha256: str) -> str:
    """The object that holds what is left of a segment of which a part was removed."""
    return f"recordings/{space}/{rendition}/{number}.{sha256[:16]}.m4s"


def folder(space: str) -> str:
    """Under which the pages of the manifest stand."""
    return f"recordings/{space}/manifest/"


def page_key(space: str, page: int) -> str:
    """The object that holds page ``page`` of the manifest: entries ``page * 256`` and on, counted from its first."""
    return f"recordings/{space}/manifest/{page:05}.jsonl"


def outline_key(space: str) -> str:
    """The object that holds the outline of a complete recording."""
    return f"recordings/{space}/outline.json"


def chain(previous_hash: str, entry: Entry) -> Entry:
    """``entry`` with its two hashes: SHA-256 over its canonical JSON (keys sorted, no spaces), ``previous`` included
    and ``hash`` left empty.
    """
    linked = msgspec.structs.replace(entry, previous=previous_hash, hash="")
    return msgspec.structs.replace(linked, hash=hashlib.sha256(_lines.encode(linked)).hexdigest())


def verify(entries: Iterable[Entry]) -> list[Problem]:
    """All that is wrong with a manifest from its first entry; empty when it proves itself."""
    problems: list[Problem] = []
    before: Entry | None = None
    for entry in entries:
        if chain(entry.previous, entry).hash != entry.hash:
            problems.append(Problem(Fault.CHANGED, entry.number, f"Segment {entry.number} is not what its hash says."))
        if entry.previous != (before.hash if before else FIRST_HASH):
            problems.append(Problem(Fault.BROKEN, entry.number, f"The chain is broken before segment {entry.number}."))
        if before is not None and entry.number < before.following:
            problems.append(Problem(Fault.DOUBLE, entry.number, f"Segment {entry.number} after {before.number}."))
        elif before is not None and entry.number > before.following:
            detail = f"Segments {before.following} to {entry.number - 1} are missing."
            problems.append(Problem(Fault.MISSING, before.following, detail))
        before = entry
    return problems


def encode_page(entries: Sequence[Entry]) -> bytes:
    """Entries as JSON lines; raises ValueError for more than a page holds."""
    if len(entries) > PAGE_ENTRIES:
        raise ValueError(f"a page has {PAGE_ENTRIES} entries, not {len(entries)}")
    return _lines.encode_lines(entries)


def decode_page(data: bytes) -> list[Entry]:
    """The entries of a page; raises :class:`Malformed`. Their hashes are :func:`verify`'s business."""
    if len(data) > MAX_PAGE_BYTES:
        raise Malformed(f"A page of {len(data)} bytes is over the limit of {MAX_PAGE_BYTES}.")
    lines = data.splitlines()
    if len(lines) > PAGE_ENTRIES:
        raise Malformed(f"A page has {PAGE_ENTRIES} entries, not {len(lines)}.")
    try:
        entries = [_entry.decode(line) for line in lines]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a page of a manifest: {error}") from error
    for entry in entries:
        _check(entry)
    return entries


def gap_report(entries: Iterable[Entry]) -> GapReport:
    """Seconds by source and every gap and filler, neighbouring ones joined, with wall-clock times."""
    spans = Spans()
    for entry in entries:
        spans.add(entry)
    return GapReport({source.value: _seconds(count) for source, count in spans.chunks.items() if count}, spans.found)


class Spans:
    """Gaps and fillers of the entries that have come so far."""

    def __init__(self) -> None:
        self.chunks = dict.fromkeys(Source, 0)
        """By source."""
        self._spans: list[tuple[Source, int, int, int]] = []
        """Source, its start (ms), first chunk, and the one after the last."""

    @property
    def found(self) -> list[Span]:
        """Neighbouring ones joined, with wall-clock times."""
        return [Span(source, start_ms, _seconds(last - first)) for source, start_ms, first, last in self._spans]

    def add(self, entry: Entry) -> None:
        """The next one."""
        for run in entry.runs:
            self.chunks[run.source] += run.last - run.first
            if run.source not in (Source.GAP, Source.FILLER):
                continue
            if self._spans and self._spans[-1][0] is run.source and self._spans[-1][3] == run.first:
                source, start_ms, first, _ = self._spans[-1]
                self._spans[-1] = (source, start_ms, first, run.last)
            else:
                start_ms = entry.start_ms + (run.first - entry.first_chunk) * grid.CHUNK_MS
                self._spans.append((run.source, start_ms, run.first, run.last))


def byte_ranges(sizes: Sequence[int], start: int, end: int) -> list[tuple[int, int, int]]:
    """Bytes ``[start, end)`` of the pieces of ``sizes`` laid end to end, as (piece, from, to) of each piece touched.

    Piece 0 is what the virtual file begins with (the init), then its segments. What lies beyond the end is cut off.
    """
    ranges: list[tuple[int, int, int]] = []
    at = 0
    for piece, size in enumerate(sizes):
        first, last = max(start - at, 0), min(end - at, size)
        if first < last:
            ranges.append((piece, first, last))
        at += size
        if at >= end:
            break
    return ranges


def _seconds(chunks: int) -> float:
    return chunks * grid.CHUNK_MS / 1000


def _check(entry: Entry) -> None:
    """What the types do not say: runs that cover chunks of this segment without holes, sane sizes."""
    if not entry.runs or any(before.last != after.first for before, after in pairwise(entry.runs)):
        raise Malformed(f"The runs of segment {entry.number} have holes.")
    if any(run.first >= run.last for run in entry.runs) or entry.first_chunk < 0 or entry.start_ms < 0:
        raise Malformed(f"A run of segment {entry.number} is empty or negative.")
    last = entry.runs[-1].last
    if entry.hole and (entry.first_chunk % grid.CHUNKS_PER_SEGMENT, last % grid.CHUNKS_PER_SEGMENT) == (0, 0):
        last = entry.first_chunk + 1  # whole segments, however many
    if any(grid.segment_of(chunk) != entry.number for chunk in (entry.first_chunk, last - 1)):
        raise Malformed(f"Chunks of another segment in segment {entry.number}.")
    if any(stored.size < 0 for stored in entry.renditions.values()):
        raise Malformed(f"An object of segment {entry.number} has a negative size.")
