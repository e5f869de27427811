"""Cues as text: WebVTT (W3C), also in segments for HLS (draft-pantos-hls-rfc8216bis, 3.1.4), and a plain transcript."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from stentor.base import grid
from stentor.wire.cue import Cue

CONTENT_TYPE = "text/vtt; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"
SRT_TYPE = "application/x-subrip; charset=utf-8"
LATE_MS = 500
"""A cue that was made less than this before a segment's end may not be at every edge when the segment is listed."""
LEAST_SHOWN_MS = 1500
"""A cue that comes late is shown at least so long: nobody reads faster."""
SEGMENT_MS = grid.CHUNKS_PER_SEGMENT * grid.CHUNK_MS
_BREAKS = re.compile(r"[\r\n\u2028\u2029]+")


def whole(cues: Iterable[Cue], begin_ms: int = 0) -> bytes:
    """One file with all cues; time 0 is where ``recording.m4a`` begins, ``begin_ms`` after the opening of the doors.

    In HLS media times begin with the opening of the doors whatever is shown: 3.1.4 has a map for that, in 90 kHz.
    """
    return _file(
        ["WEBVTT", *([f"X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{begin_ms * 90}"] if begin_ms else []), ""], cues
    )


def segment(number: int, cues: Iterable[Cue]) -> bytes:
    """Segment ``number`` of the live rendition.

    3.1.4: the map says which media time a cue's time is: both begin with the opening of the doors. What begins before
    the segment or goes beyond it stands in each of the segments that it touches.
    """
    head = ["WEBVTT", "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0", ""]
    return _file(head, in_segment(number, cues))


def past_segment(number: int, cues: Iterable[Cue]) -> bytes:
    """Segment ``number`` for those who follow so far behind that every word is there in time."""
    start, end = number * SEGMENT_MS, (number + 1) * SEGMENT_MS
    head = ["WEBVTT", "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0", ""]
    return _file(head, [cue for cue in cues if cue.start_ms < end and cue.end_ms > start])


def in_segment(number: int, cues: Iterable[Cue]) -> list[Cue]:
    """What stands in segment ``number``: what is said in it and, moved to its beginning, what came too late before.

    A segment never changes once it is listed, and words are recognised some seconds after they were said. So a cue
    stands first in the segment that is listed next after it was made. That follows from the cue alone: every edge
    makes the same segment.
    """
    start, end = number * SEGMENT_MS, (number + 1) * SEGMENT_MS
    found = []
    for cue in cues:
        shown = _shown(cue)
        if shown.start_ms < end and shown.end_ms > start:
            found.append(shown)
    return found


def _shown(cue: Cue) -> Cue:
    """The cue at the time at which a live player can show it first."""
    listed = max(0, cue.made_ms + LATE_MS - cue.doors_open_ms) // SEGMENT_MS * SEGMENT_MS
    if listed <= cue.start_ms:
        return cue
    end_ms = max(cue.end_ms, listed + max(LEAST_SHOWN_MS, cue.end_ms - cue.start_ms))
    return msgspec.structs.replace(cue, start_ms=listed, end_ms=end_ms)


def transcript(title: str, cues: Sequence[Cue]) -> bytes:
    """For people to read: who said what, a paragraph for each turn with the time of its beginning."""
    lines, before = [title, ""], None
    for cue in cues:
        if before is None or cue.name != before:
            lines += ["", f"[{clock(cue.start_ms)}] {_BREAKS.sub(' ', cue.name) or '?'}"]
            before = cue.name
        lines.append(_BREAKS.sub(" ", cue.text))
    return ("\n".join(lines) + "\n").encode()


def subrip(cues: Iterable[Cue]) -> bytes:
    """SubRip, which editing programs take: numbered, commas in the times, the speaker in front of the words.

    It has no escapes: what would be a tag, or an arrow, gets another letter.
    """
    blocks = []
    for number, cue in enumerate(cues, 1):
        name = f"{cue.name}: " if cue.name else ""
        words = _BREAKS.sub(" ", name + cue.text).strip().replace("<", "‹").replace(">", "›")
        times = f"{_time(cue.start_ms)} --> {_time(cue.end_ms)}".replace(".", ",")
        blocks.append(f"{number}\n{times}\n{words}\n")
    return "\n".join(blocks).encode()


def clock(ms: int) -> str:
    """``1:02:03`` of milliseconds."""
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _file(head: list[str], cues: Iterable[Cue]) -> bytes:
    lines = list(head)
    for cue in cues:
        lines += [f"{_time(cue.start_ms)} --> {_time(cue.end_ms)}", _payload(cue), ""]
    return "\n".join(lines).encode()


def _payload(cue: Cue) -> str:
    """The words, with their speaker as a voice span (WebVTT, 4.2.2)."""
    words, name = _escaped(cue.text), _escaped(cue.name)
    return f"<v {name}>{words}" if name else words


def _escaped(text: str) -> str:
    """WebVTT, 4.2.2: text has no line break of its own, ``&`` and ``<`` are written as references; ``-->`` never is."""
    return _BREAKS.sub(" ", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()


def _time(ms: int) -> str:
    """``01:02:03.456``."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
