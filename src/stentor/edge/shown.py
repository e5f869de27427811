"""A recording as it is shown: its manifest, without what was removed, and trimmed as its hosts like."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from stentor.base import grid
from stentor.spaces import outline, withdrawal
from stentor.spaces.model import Space, Trim
from stentor.spaces.outline import Outline
from stentor.spaces.switches import Switch
from stentor.spaces.withdrawal import Withdrawal
from stentor.wire.cue import Cue
from stentor.wire.manifest import Entry


class ShownManifest(msgspec.Struct, frozen=True):
    """As it was read at ``read_s`` (monotonic); ``final`` when the space is over and all of it is there."""

    entries: list[Entry]
    final: bool
    read_s: float


class ShownRecording(msgspec.Struct, frozen=True):
    """``left`` are the entries of the manifest with what is left of them, ``entries`` those of them that are shown."""

    manifest: ShownManifest
    found: Withdrawal
    trim: Trim | None
    left: list[Entry]
    entries: list[Entry]

    @property
    def final(self) -> bool:
        return self.manifest.final

    @property
    def first_chunk(self) -> int:
        """Where what is shown begins; 0 for a recording that is not trimmed."""
        return self.entries[0].first_chunk if self.trim else 0

    @property
    def from_s(self) -> float:
        return self.first_chunk * grid.CHUNK_S

    @property
    def tag(self) -> str:
        """Of what is shown: another one when anything of it changes."""
        trim = f"-{self.trim.from_ms}-{self.trim.to_ms}" if self.trim else ""
        removed = f"-r{self.found.version}" if self.found.version else ""
        return f"{self.manifest.entries[-1].hash[:20]}{removed}{trim}"

    @property
    def outline_mark(self) -> str:
        """Of the outline: it is made anew when something is removed."""
        version = self.found.version if self.found.removals else 0
        return f"{self.manifest.entries[-1].hash}{f'-r{version}' if version else ''}"

    def outline(self, whole: Outline) -> Outline:
        """What is shown of the outline."""
        if self.trim is None:
            return whole
        last = self.entries[-1]
        return outline.part(whole, grid.part_of(self.first_chunk), grid.part_of(last.first_chunk + last.chunks - 1) + 1)

    def changed(self, number: int) -> Entry | None:
        """The entry of a segment of which something was removed; None for one that is as the manifest says."""
        if not self.found.removals:
            return None
        at = bisect_left(self.left, number, key=lambda entry: entry.number)
        if at == len(self.left) or self.left[at].number != number or self.left[at] is self.manifest.entries[at]:
            return None
        return self.left[at]

    def is_of(self, manifest: ShownManifest, found: Withdrawal, trim: Trim | None) -> bool:
        same = self.manifest.entries is manifest.entries and self.final == manifest.final
        return same and self.found == found and self.trim == trim


def read_again(known: ShownManifest | None, entries: list[Entry], *, final: bool, read_s: float) -> ShownManifest:
    """A manifest that was just read; with the entries that are known where nothing has come."""
    if known is not None and len(known.entries) == len(entries) and known.entries[-1].hash == entries[-1].hash:
        entries = known.entries
    return ShownManifest(entries, final, read_s)


def recording(manifest: ShownManifest, found: Withdrawal, trim: Trim | None) -> ShownRecording:
    """The recording as it is shown; a trim that leaves nothing shows everything."""
    left = withdrawal.left(manifest.entries, found) if found.removals else manifest.entries
    entries = [entry for entry in left if _shows(entry, trim)] if trim else left
    return ShownRecording(manifest, found, trim if entries else None, left, entries or left)


def download(space: Space) -> str:
    """The file that people get: the recording, or the edition that its hosts have chosen."""
    return "recording.m4a" if space.allows(Switch.UNEDITED) else "edition.m4a"


def trim_of(space: Space, final: bool) -> Trim | None:
    """Only what is complete is trimmed."""
    return space.trim if final else None


def words(cues: Sequence[Cue], space: Space, found: Withdrawal) -> list[Cue]:
    """The cues of what is shown, from its beginning on."""
    there = withdrawal.words(cues, found)
    if space.trim is None:
        return there
    begin, end_ms = begin_ms(space.trim), space.trim.to_ms
    return [
        msgspec.structs.replace(cue, start_ms=max(0, cue.start_ms - begin), end_ms=cue.end_ms - begin)
        for cue in there
        if cue.end_ms > begin and (end_ms is None or cue.start_ms < end_ms)
    ]


def begin_ms(trim: Trim) -> int:
    """Where what is shown begins: with the segment in which the trim does."""
    return trim.from_ms // _SEGMENT_MS * _SEGMENT_MS


_SEGMENT_MS = grid.CHUNKS_PER_SEGMENT * grid.CHUNK_MS


def _shows(entry: Entry, trim: Trim) -> bool:
    start_ms = entry.first_chunk * grid.CHUNK_MS
    end_ms = start_ms + entry.chunks * grid.CHUNK_MS
    return end_ms > trim.from_ms and (trim.to_ms is None or start_ms < trim.to_ms)
