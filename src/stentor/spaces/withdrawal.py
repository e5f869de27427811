"""What of a space nobody may have any more: a document beside the recordings that is stronger than every stored copy.

It only ever grows, and it lives longer than the database: whoever restores an older backup has it, and applies it. The
manifest of a recording is never changed, so that its hashes hold; what stands in the place of segments is said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from stentor.audio import excise
from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.units import SpaceId
from stentor.spaces.model import Removal, Space
from stentor.wire.cue import Cue
from stentor.wire.manifest import Entry, StoredObject

MARGIN_MS: Final = 100
"""So much more goes on both sides: a decoder gives a sound up to 43 ms later than it was said."""
FOLDER: Final = "withdrawals"


class Piece(msgspec.Struct, frozen=True):
    """What is left of a segment: by rendition the object that stands in the place of the manifest's."""

    removals: int
    """So many of the removals are out of it, counted from the first."""
    renditions: dict[str, StoredObject]


class Withdrawal(msgspec.Struct, frozen=True):
    """Of one space. ``version`` rises with each change."""

    space: SpaceId
    version: int = 0
    removals: list[Removal] = []
    """Parts of the recording."""
    gone: Removal | None = None
    """The whole space."""
    pieces: dict[int, Piece] = {}
    """Segments of which a part is left, by number."""

    @property
    def whole(self) -> Removal | None:
        """Why nothing of the recording is left; None while something is."""
        return self.gone or next((removal for removal in self.removals if removal.whole), None)

    def at(self, from_ms: float, to_ms: float) -> Removal | None:
        """The first removal that touches a part of the recording."""
        return next((removal for removal in self._all if removal.touches(from_ms - MARGIN_MS, to_ms + MARGIN_MS)), None)

    def chunks(self, first: int, end: int) -> frozenset[int]:
        """Which of the chunks ``first`` to ``end - 1`` are removed."""
        return frozenset(
            number
            for removal in self._all
            for number in range(max(first, _first(removal)), min(end, _end(removal, end)))
        )

    def piece(self, number: int) -> dict[str, StoredObject]:
        """What is left of a segment; nothing while a later removal must still be taken out of it."""
        piece = self.pieces.get(number)
        if piece is None or self.whole:
            return {}
        first = grid.first_chunk_of_segment(number)
        later = msgspec.structs.replace(self, removals=self.removals[piece.removals :])
        return {} if later.chunks(first, first + grid.CHUNKS_PER_SEGMENT) else piece.renditions

    @property
    def _all(self) -> list[Removal]:
        return [*self.removals, *([self.gone] if self.gone else [])]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Withdrawal)


def key(space: str) -> str:
    """Of the document in the object store."""
    return f"{FOLDER}/{space}.json"


def encode(document: Withdrawal) -> bytes:
    return _encoder.encode(document)


def decode(data: bytes) -> Withdrawal:
    """Raises :class:`Malformed`."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a list of what was removed: {error}") from error


def of(space: Space) -> Withdrawal:
    """What the record of a space says; the pieces are not known there."""
    return Withdrawal(space.id, 0, list(space.removals), space.removed)


def joined(one: Withdrawal, other: Withdrawal) -> Withdrawal:
    """Everything that either says; ``one`` itself when the other has nothing new."""
    removals = [*one.removals, *(each for each in other.removals if each not in one.removals)]
    gone = one.gone or other.gone
    if len(removals) == len(one.removals) and gone == one.gone:
        return one
    version = max(one.version, other.version) + 1
    return msgspec.structs.replace(one, version=version, removals=removals, gone=gone)


def left(entries: Sequence[Entry], found: Withdrawal) -> list[Entry]:
    """The entries as they are to be served: pieces and silence in the place of what is gone.

    An object with an empty key is silence (:func:`stentor.audio.excise.silent_segment`); one that is there still and
    has no piece yet is silence as well. Hashes are those of the manifest.
    """
    return [_left(entry, found) for entry in entries]


def words(cues: Iterable[Cue], found: Withdrawal) -> list[Cue]:
    """The cues that nothing is removed of."""
    return [cue for cue in cues if found.at(cue.start_ms, cue.end_ms) is None]


def _left(entry: Entry, found: Withdrawal) -> Entry:
    end = entry.first_chunk + entry.chunks
    if entry.hole or not found.chunks(entry.first_chunk, end):
        return entry
    pieces = found.piece(entry.number)
    stored = {
        name: pieces.get(name) or StoredObject("", excise.silent_size(name, entry.chunks), "")
        for name in entry.renditions
    }
    return msgspec.structs.replace(entry, renditions=stored)


def _first(removal: Removal) -> int:
    return max(0, removal.from_ms - MARGIN_MS) // grid.CHUNK_MS


def _end(removal: Removal, end: int) -> int:
    """The chunk behind the last one."""
    return end if removal.to_ms is None else -(-(removal.to_ms + MARGIN_MS) // grid.CHUNK_MS)
