"""The edit list of a listener cut: where every second of it stands in the recording, and why the others are left out.

Times are milliseconds from the opening of the doors, whole ticks (20 ms): those of the recording as a decoder gives it.
What is kept and what is left out follow each other without gap or overlap, so nothing else can be missing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.wire.cue import Cue

TICK_MS = 20
MAX_BYTES = 16 * 1024 * 1024
"""Eight hours with a pause every ten seconds are 0.5 MB."""


class CutReason(StrEnum):
    """Why something is left out."""

    LOBBY = "lobby"
    """Music before the talk."""
    WAITING = "waiting"
    """Music in the middle of it."""
    OUTAGE = "outage"
    """The stage was lost, or nobody published: music or silence stands there."""
    AFTER = "after"
    """Behind the talk."""
    SILENCE = "silence"
    """Nobody says anything for long; a second of it stays."""
    TRIMMED = "trimmed"
    """The hosts do not show it."""
    REMOVED = "removed"
    """It was deleted on request."""


class Kept(msgspec.Struct, frozen=True):
    """``from_ms`` to ``to_ms`` of the recording are heard in the cut from ``at_ms`` on."""

    from_ms: int
    to_ms: int
    at_ms: int


class CutOut(msgspec.Struct, frozen=True):
    """``from_ms`` to ``to_ms`` of the recording are not in the cut."""

    from_ms: int
    to_ms: int
    why: CutReason


class PieceProof(msgspec.Struct, frozen=True):
    """An object with frames of the cut: how many, the bytes of them, and SHA-256 over those."""

    frames: int
    size: int
    sha256: str


class Loudness(msgspec.Struct, frozen=True):
    """Of what is kept before and after, in LUFS (ITU-R BS.1770-4), and how far it was raised (dB)."""

    before_lufs: float
    gain_db: float
    after_lufs: float
    peak_dbtp: float
    """The largest true peak (four times oversampled) before encoding."""


class EditList(msgspec.Struct, frozen=True, kw_only=True):
    """Of the cut of one recording: the one whose manifest ends with ``last_hash``."""

    v: int = 1
    space: str
    doors_open_ms: int
    last_hash: str
    removals: int = 0
    """So many removals had been carried out."""
    trim_ms: tuple[int, int | None] | None = None
    """What the hosts showed of it then."""
    length_ms: int
    """Of the recording."""
    cut_ms: int
    pause_ms: int
    """A silence that lasts longer is left out, but for :attr:`kept_pause_ms` of it."""
    kept_pause_ms: int
    kept: list[Kept]
    left_out: list[CutOut]
    rendition: str
    mark: str = ""
    """Of the sound: under it the pieces are stored."""
    loudness: Loudness | None = None
    pieces: list[PieceProof] = []
    made_ms: int = 0
    """Wall clock."""
    processor_s: float = 0.0
    """What making it took."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(EditList)


def encode(edits: EditList) -> bytes:
    return msgspec.json.format(_encoder.encode(edits), indent=1)


def decode(data: bytes) -> EditList:
    """Raises :class:`Malformed`, also for a list that has holes or goes over itself."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"An edit list of {len(data)} bytes is over the limit of {MAX_BYTES}.")
    try:
        found = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not an edit list: {error}") from error
    wrong = faults(found)
    if wrong:
        raise Malformed(wrong[0])
    return found


def faults(edits: EditList) -> list[str]:
    """What is wrong with a list: every second of the recording is kept once, or left out once, in order."""
    wrong = []
    spans = sorted(
        [(each.from_ms, each.to_ms) for each in edits.kept] + [(each.from_ms, each.to_ms) for each in edits.left_out]
    )
    at = 0
    for start, end in spans:
        if start > at:
            wrong.append(f"The edit list does not say where {_s(at)} to {_s(start)} went.")
        elif start < at:
            wrong.append(f"The edit list has {_s(start)} to {_s(at)} twice.")
        if end <= start:
            wrong.append(f"The edit list has a part from {_s(start)} to {_s(end)}.")
        at = max(at, end)
    if at != edits.length_ms:
        wrong.append(f"The edit list ends at {_s(at)}, the recording at {_s(edits.length_ms)}.")
    heard = 0
    for kept in edits.kept:
        if kept.at_ms != heard:
            wrong.append(f"{_s(kept.from_ms)} is said to be at {_s(kept.at_ms)} of the cut; it is at {_s(heard)}.")
        heard += kept.to_ms - kept.from_ms
    if heard != edits.cut_ms:
        wrong.append(f"The cut has {_s(heard)}, not {_s(edits.cut_ms)}.")
    if any(before.from_ms >= after.from_ms for before, after in pairwise(edits.kept)):
        wrong.append("The cut is not in the order of the recording.")
    return wrong


def of_spans(spans: Iterable[tuple[int, int, CutReason | None]]) -> tuple[list[Kept], list[CutOut]]:
    """The two halves of a list, of spans in ticks that follow each other; without a reason a span is kept."""
    kept: list[Kept] = []
    left_out: list[CutOut] = []
    at = 0
    for first, last, why in spans:
        start, end = first * TICK_MS, last * TICK_MS
        if why is None:
            kept.append(Kept(start, end, at))
            at += end - start
        else:
            left_out.append(CutOut(start, end, why))
    return kept, left_out


class Timeline:
    """From the times of a recording to those of its cut, and back. Milliseconds."""

    def __init__(self, edits: EditList) -> None:
        self._kept = edits.kept
        self._from = [each.from_ms for each in edits.kept]
        self._at = [each.at_ms for each in edits.kept]
        self.cut_ms = edits.cut_ms

    def at(self, ms: float) -> float:
        """Where in the cut ``ms`` of the recording is heard; of what is left out the place where it would be."""
        number = bisect_right(self._from, ms) - 1
        if number < 0:
            return 0.0
        kept = self._kept[number]
        return kept.at_ms + min(ms, kept.to_ms) - kept.from_ms

    def back(self, ms: float) -> float:
        """Where in the recording ``ms`` of the cut is."""
        number = max(0, bisect_right(self._at, ms) - 1)
        if not self._kept:
            return 0.0
        kept = self._kept[number]
        return kept.from_ms + min(max(0.0, ms - kept.at_ms), kept.to_ms - kept.from_ms)

    def heard(self, from_ms: float, to_ms: float) -> bool:
        """Whether anything of a part of the recording is in the cut."""
        return self.at(to_ms) > self.at(from_ms)


def cues(found: Sequence[Cue], edits: EditList) -> list[Cue]:
    """The cues that are heard in the cut, at its times. Those of ``found`` count from the opening of the doors."""
    timeline = Timeline(edits)
    moved = []
    for cue in found:
        start, end = round(timeline.at(cue.start_ms)), round(timeline.at(cue.end_ms))
        if end > start:
            moved.append(msgspec.structs.replace(cue, start_ms=start, end_ms=end))
    return moved


def _s(ms: int) -> str:
    return f"{ms / 1000:.2f} s"


def length_ms(chunks: int) -> int:
    """Of a recording of so many chunks."""
    return chunks * grid.CHUNK_MS
