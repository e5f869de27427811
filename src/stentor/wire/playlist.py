"""HLS playlists as text, live with parts (LL-HLS), live without, and of a recording (draft-pantos-hls-rfc8216bis).

From plain data only: who calls knows which chunks there are. What a reload may wait for is in
:mod:`stentor.wire.reload`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from stentor.base import grid
from stentor.base.rendition import Rendition
from stentor.wire.manifest import Entry, Span, Spans
from stentor.wire.mp4 import CODECS
from stentor.wire.reload import (
    ADVANCE_PART_LIMIT,
    CACHE_BLOCKING_ERROR_S,
    CACHE_BLOCKING_OK_S,
    CACHE_ERROR_S,
    CACHE_MEDIA_ERROR_S,
    CACHE_OK_S,
    MAX_HOLD_S,
    TARGET_DURATION_S,
    Decision,
    Directives,
    blocks,
)

__all__ = [
    "ADVANCE_PART_LIMIT",
    "CACHE_BLOCKING_ERROR_S",
    "CACHE_BLOCKING_OK_S",
    "CACHE_ERROR_S",
    "CACHE_MEDIA_ERROR_S",
    "CACHE_OK_S",
    "CONTENT_TYPE",
    "HOLD_BACK_S",
    "MAX_HOLD_S",
    "MIN_PLAYLIST_S",
    "PARTS_SHOWN_S",
    "PART_HOLD_BACK_S",
    "PART_TARGET_S",
    "TARGET_DURATION_S",
    "DateRange",
    "Decision",
    "Directives",
    "Part",
    "RenditionReport",
    "Segment",
    "Subtitles",
    "blocks",
    "media",
    "multivariant",
    "vod",
    "vod_text",
]

CONTENT_TYPE = "application/vnd.apple.mpegurl"
PART_TARGET_S = grid.PART_S
"""4.4.3.7: a part's duration is at most this and at least 85 % of it; ours are all exactly this."""
PART_HOLD_BACK_S = 3 * PART_TARGET_S
"""4.4.3.8: "PART-HOLD-BACK ... MUST be at least twice the Part Target Duration ... SHOULD be at least three times"."""
HOLD_BACK_S = 3 * TARGET_DURATION_S
"""4.4.3.8: HOLD-BACK "MUST be at least three times the Target Duration"."""
PARTS_SHOWN_S = 3 * TARGET_DURATION_S
"""6.2.2: EXT-X-PART tags "SHOULD be removed from the Playlist after they are greater than three Target Durations
from the end of the Playlist"; 6.2.2 too: the parts stay fetchable "for at least three Target Durations after"."""
MIN_PLAYLIST_S = 3 * TARGET_DURATION_S
"""6.2.2: "The server MUST NOT remove a Media Segment" from a live playlist "if that would produce a Playlist whose
duration is less than three times the Target Duration"; so show at least five complete segments once there are."""
_VERSION = 6
"""EXT-X-MAP in a playlist that is not of I-frames needs 6; parts and hints need none, EXT-X-GAP 8."""
_GAP_VERSION = 8
_CAPTIONS = "captions"
"""Name and group of the rendition of text."""


class Part(msgspec.Struct, frozen=True):
    """A part of a segment. All frames of sound are independent, so every part is."""

    uri: str
    duration_s: float = PART_TARGET_S


class Segment(msgspec.Struct, frozen=True):
    """Segment ``number`` (its media sequence number), beginning at ``start_ms`` (wall clock).

    ``parts`` may be empty for one that is complete; one still open has only parts, and its ``duration_s`` is not used.
    """

    number: int
    uri: str
    start_ms: int
    duration_s: float = grid.SEGMENT_S
    parts: tuple[Part, ...] = ()


class RenditionReport(msgspec.Struct, frozen=True):
    """Where another rendition's playlist stands: the last segment it shows, and the last part (None without parts)."""

    uri: str
    last_msn: int
    last_part: int | None = None


class DateRange(msgspec.Struct, frozen=True):
    """A span of time with a meaning: ``attributes`` are client attributes, their names beginning with ``X-``."""

    id: str
    kind: str
    start_ms: int
    duration_s: float | None = None
    attributes: dict[str, str] = {}


class Subtitles(NamedTuple):
    """A rendition of captions: where its playlist is, and its language (BCP 47)."""

    uri: str
    language: str


def multivariant(
    renditions: Iterable[Rendition],
    *,
    uri: Callable[[Rendition], str],
    subtitles: Subtitles | None = None,
    overhead_bps: int = 12_000,
) -> str:
    """The playlist of all renditions, in the order given: players begin with the first.

    ``overhead_bps`` is what boxes and pulses add. 4.4.6.2: BANDWIDTH is "the peak segment bit rate", so a quarter is
    added to the encoder's mean.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if subtitles is not None:
        lines.append(_subtitles(subtitles))
    group = "" if subtitles is None else f',SUBTITLES="{_CAPTIONS}"'
    for rendition in renditions:
        mean = rendition.bitrate_bps + overhead_bps
        peak = rendition.bitrate_bps * 5 // 4 + overhead_bps
        bandwidth = f"BANDWIDTH={peak},AVERAGE-BANDWIDTH={mean}"
        lines.append(f'#EXT-X-STREAM-INF:{bandwidth},CODECS="{CODECS[rendition.name]}"{group}')
        lines.append(uri(rendition))
    return "\n".join(lines) + "\n"


def media(
    segments: Sequence[Segment],
    *,
    map_uri: str = "",
    open_segment: Segment | None = None,
    hint: str | None = None,
    reports: Iterable[RenditionReport] = (),
    dateranges: Iterable[DateRange] = (),
    parts: bool = True,
    ended: bool = False,
) -> str:
    """A live media playlist: the complete ``segments`` in order without holes, then the parts of ``open_segment``.

    ``hint`` is the URI of the next part; text has no ``map_uri``. ``parts=False`` is the rung without parts: blocking
    reload stays, so that players ask once a segment. ``ended`` closes it for good (ENDLIST, nothing held any more).
    """
    shown = [*segments, open_segment] if open_segment is not None and parts else list(segments)
    first = shown[0].number if shown else open_segment.number if open_segment is not None else 0
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{TARGET_DURATION_S}",
        *_control(parts),
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        *([f'#EXT-X-MAP:URI="{_quoted(map_uri)}"'] if map_uri else []),
    ]
    lines += [_daterange(each) for each in dateranges]
    from_end = sum(part.duration_s for part in open_segment.parts) if open_segment is not None and parts else 0.0
    distances: list[float] = []
    for segment in reversed(segments):
        distances.append(from_end)
        from_end += segment.duration_s
    for segment, distance in zip(segments, reversed(distances), strict=True):
        # A segment's parts are shown or left out as a whole: players number them by their place in the segment.
        lines += _segment(segment, with_parts=parts and distance <= PARTS_SHOWN_S)
    if parts and open_segment is not None and open_segment.parts:
        lines.append(_date_time(open_segment.start_ms))
        lines += map(_part, open_segment.parts)
    if ended:
        lines.append("#EXT-X-ENDLIST")
    else:
        # B.1: the next part is hinted in every playlist of a live stream, and every other rendition reported
        lines += [f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{_quoted(hint)}"'] if parts and hint is not None else []
        lines += [_report(report, parts) for report in reports]
    return "\n".join(lines) + "\n"


def vod(entries: Sequence[Entry], *, rendition: str, map_uri: str, uri: Callable[[int], str]) -> str:
    """The playlist of a recording from its manifest, for one rendition; ``uri`` gives a segment's address.

    Gaps and fillers are DATERANGEs, and the sound goes on through them without a discontinuity: the archive wrote
    silence. Only for a hole of more than a minute, and where the manifest lacks segments or this rendition of one,
    stands an EXT-X-GAP, one however long it is, so that the times after it stay true (6.2.1: absent media is signalled
    by segments with that tag).
    """
    made = RecordedPlaylist(rendition, map_uri, uri)
    made.add(entries)
    return made.text(ended=True)


def overflow(
    entries: Sequence[Entry], *, rendition: str = "", map_uri: str = "", uri: Callable[[int], str], ended: bool
) -> str:
    """The playlist of those who follow some minutes behind: the newest ``entries`` that are old enough for them.

    A live playlist without parts (6.2.2): segments leave it at its beginning. Text has no ``rendition`` of sound and no
    ``map_uri``. ``ended`` says that the last one of the recording is in it.
    """
    made = RecordedPlaylist(rendition, map_uri, uri, kind="")
    made.add(entries)
    return made.text(ended=ended)


def vod_text(uri: str, duration_s: float) -> str:
    """The playlist of a recording's captions: one file for all of it."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{math.ceil(duration_s)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXTINF:{_seconds(duration_s)},",
        uri,
        "#EXT-X-ENDLIST",
    ]
    return "\n".join(lines) + "\n"


def _subtitles(found: Subtitles) -> str:
    # 4.4.6.1: AUTOSELECT lets a player that is set to captions choose them; by DEFAULT nobody gets any
    # Apple's HLS authoring specification, 5.1: captions for those who do not hear have these characteristics
    return (
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{_CAPTIONS}",NAME="{_CAPTIONS}",LANGUAGE="{_quoted(found.language)}",'
        'DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog",'
        f'URI="{_quoted(found.uri)}"'
    )


class RecordedPlaylist:
    """A playlist made of a manifest's entries, which may come one after the other: each is looked at once.

    ``kind`` is its type (4.4.3.5): of one that grows ``EVENT``, since "Media Segments can only be added to the end".
    Without one it is a live playlist, without DATERANGEs for gaps and fillers.
    """

    def __init__(self, rendition: str, map_uri: str, uri: Callable[[int], str], *, kind: str = "VOD") -> None:
        self._rendition, self._map_uri, self._uri, self._kind = rendition, map_uri, uri, kind
        self._lines: list[str] = []
        self._first: int | None = None
        self._expected: int | None = None
        self._gaps = False
        self._longest_s = 0.0
        self._spans = Spans()

    def add(self, entries: Iterable[Entry]) -> None:
        """Goes on with these."""
        rendition, uri, lines = self._rendition, self._uri, self._lines
        for entry in entries:
            if self._first is None:
                self._first = entry.number
            if self._expected is not None and entry.number > self._expected:
                absent_s = (entry.number - self._expected) * grid.SEGMENT_S
                self._longest_s = max(self._longest_s, absent_s)
                self._gaps = True
                lines += ["#EXT-X-GAP", f"#EXTINF:{_seconds(absent_s)},", uri(self._expected)]
            self._expected = entry.following
            self._longest_s = max(self._longest_s, entry.duration_s)
            there = Segment(entry.number, uri(entry.number), entry.start_ms, entry.duration_s)
            missing = entry.hole or (bool(rendition) and rendition not in entry.renditions)
            lines += (["#EXT-X-GAP"] if missing else []) + _segment(there, with_parts=False)
            self._gaps = self._gaps or missing
            self._spans.add(entry)

    def text(self, *, ended: bool) -> str:
        """The playlist as it is now."""
        lines = [
            "#EXTM3U",
            f"#EXT-X-VERSION:{_GAP_VERSION if self._gaps else _VERSION}",
            # 4.4.3.1: no segment, rounded, is longer
            f"#EXT-X-TARGETDURATION:{max(TARGET_DURATION_S, math.ceil(self._longest_s))}",
            *([f"#EXT-X-PLAYLIST-TYPE:{self._kind}"] if self._kind else []),
            f"#EXT-X-MEDIA-SEQUENCE:{self._first or 0}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            *([f'#EXT-X-MAP:URI="{_quoted(self._map_uri)}"'] if self._map_uri else []),
            *(map(_span, self._spans.found) if self._kind else []),
            *self._lines,
            *(["#EXT-X-ENDLIST"] if ended else []),
        ]
        return "\n".join(lines) + "\n"


def _control(parts: bool) -> list[str]:
    # 6.2.4: all playlists of a multivariant playlist have this tag "with the same attributes and values"; 6.2.1: it
    # stays when the stream has ended, for tags do not change
    control = f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK={_seconds(HOLD_BACK_S)}"
    if not parts:
        return [control]
    # 4.4.3.8: PART-HOLD-BACK "is REQUIRED if the Playlist contains the EXT-X-PART-INF tag"
    return [
        f"{control},PART-HOLD-BACK={_seconds(PART_HOLD_BACK_S)}",
        f"#EXT-X-PART-INF:PART-TARGET={_seconds(PART_TARGET_S)}",
    ]


def _segment(segment: Segment, *, with_parts: bool) -> list[str]:
    lines = [_date_time(segment.start_ms)]
    if with_parts:
        lines += map(_part, segment.parts)
    return [*lines, f"#EXTINF:{_seconds(segment.duration_s)},", segment.uri]


def _part(part: Part) -> str:
    return f'#EXT-X-PART:DURATION={_seconds(part.duration_s)},URI="{_quoted(part.uri)}",INDEPENDENT=YES'


def _report(report: RenditionReport, parts: bool) -> str:
    line = f'#EXT-X-RENDITION-REPORT:URI="{_quoted(report.uri)}",LAST-MSN={report.last_msn}'
    # 4.4.5.4: LAST-PART "is REQUIRED if the Rendition contains a Partial Segment"
    return f"{line},LAST-PART={report.last_part}" if parts and report.last_part is not None else line


def _daterange(found: DateRange) -> str:
    line = (
        f'#EXT-X-DATERANGE:ID="{_quoted(found.id)}",CLASS="{_quoted(found.kind)}",START-DATE="{_date(found.start_ms)}"'
    )
    if found.duration_s is not None:
        line += f",DURATION={_seconds(found.duration_s)}"
    for name, value in found.attributes.items():
        # 4.4.5.1: the prefix "X-" is for client-defined attributes; 4.2: a name is of [A-Z0-9-]
        if not name.startswith("X-") or not name.replace("-", "").isalnum() or name.upper() != name:
            raise ValueError(f"not the name of a client attribute: {name}")
        line += f',{name}="{_quoted(value)}"'
    return line


def _span(span: Span) -> str:
    name = f"{span.source}-{span.start_ms}"
    return _daterange(DateRange(name, f"stentor.{span.source.value}", span.start_ms, span.duration_s))


def _date_time(at_ms: int) -> str:
    return f"#EXT-X-PROGRAM-DATE-TIME:{_date(at_ms)}"


def _date(at_ms: int) -> str:
    second, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03}Z"


def _seconds(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    """4.2: a quoted string has no line feed, carriage return or double quote."""
    if any(sign in text for sign in '"\r\n'):
        raise ValueError("a playlist's quoted string has no quotes and no line breaks")
    return text
