"""Reading HLS playlists as a client must (RFC 8216bis): what is there, and what to ask for next. Pure.

The writing side is ``wire.playlist``; reading here with other eyes is what makes a rehearsal a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from stentor.base.errors import Malformed

MAX_PLAYLIST_BYTES: Final = 1024 * 1024
"""A playlist of three hours of segments is 300 kB."""
MAX_LINES: Final = 50_000

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)')


@dataclass
class Variant:
    uri: str
    codecs: str


@dataclass
class ListedPart:
    uri: str
    duration_s: float


@dataclass
class ListedSegment:
    """A segment; ``uri`` is empty while it is still open (only its parts are there)."""

    number: int
    uri: str = ""
    duration_s: float = 0.0
    starts_at: float | None = None
    """Wall-clock seconds, from PROGRAM-DATE-TIME or carried on from the segment before."""
    parts: list[ListedPart] = field(default_factory=list)
    gap: bool = False


@dataclass
class Media:
    target_s: float = 0.0
    part_target_s: float = 0.0
    can_block: bool = False
    hold_back_s: float = 0.0
    part_hold_back_s: float = 0.0
    map_uri: str = ""
    preload_hint: str = ""
    ended: bool = False
    segments: list[ListedSegment] = field(default_factory=list)

    @property
    def low_latency(self) -> bool:
        return self.can_block and self.part_target_s > 0


@dataclass(frozen=True)
class Item:
    """Something to fetch: part ``part`` of segment ``segment``, or the whole of it (None)."""

    segment: int
    part: int | None
    uri: str
    starts_at: float | None
    duration_s: float


def variants(text: str) -> list[Variant]:
    """The variants of a multivariant playlist, in its order; empty for a media playlist. Raises :class:`Malformed`."""
    found: list[Variant] = []
    attributes: dict[str, str] | None = None
    for line in _lines(text):
        if line.startswith("#EXT-X-STREAM-INF:"):
            attributes = _attributes(line)
        elif not line.startswith("#") and attributes is not None:
            found.append(Variant(line, attributes.get("CODECS", "")))
            attributes = None
    return found


def media(text: str) -> Media:
    """A media playlist; tags that are not known are passed over (RFC 8216bis, 6.3.1). Raises :class:`Malformed`."""
    playlist = Media()
    number, open_segment = 0, ListedSegment(0)
    for line in _lines(text):
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-MEDIA-SEQUENCE":
            number = _whole(value)
            open_segment.number = number
        elif not line.startswith("#"):
            open_segment.uri = line
            playlist.segments.append(open_segment)
            number += 1
            following = open_segment.starts_at
            open_segment = ListedSegment(
                number, starts_at=None if following is None else following + playlist.segments[-1].duration_s
            )
        else:
            _tag(playlist, open_segment, tag, value)
    if open_segment.parts:
        playlist.segments.append(open_segment)
    if playlist.target_s <= 0:
        raise Malformed("A playlist without a target duration.")
    return playlist


def _tag(playlist: Media, segment: ListedSegment, tag: str, value: str) -> None:
    attributes = _attributes(value)
    if tag == "#EXTINF":
        segment.duration_s = _real(value.partition(",")[0])
    elif tag == "#EXT-X-PROGRAM-DATE-TIME":
        segment.starts_at = _wall_clock(value)
    elif tag == "#EXT-X-PART":
        segment.parts.append(ListedPart(attributes.get("URI", ""), _number(attributes, "DURATION")))
    elif tag == "#EXT-X-GAP":
        segment.gap = True
    elif tag == "#EXT-X-MAP":
        playlist.map_uri = attributes.get("URI", "")
    elif tag == "#EXT-X-TARGETDURATION":
        playlist.target_s = _real(value)
    elif tag == "#EXT-X-PART-INF":
        playlist.part_target_s = _number(attributes, "PART-TARGET")
    elif tag == "#EXT-X-PRELOAD-HINT":
        playlist.preload_hint = attributes.get("URI", "")
    elif tag == "#EXT-X-ENDLIST":
        playlist.ended = True
    elif tag == "#EXT-X-SERVER-CONTROL":
        playlist.can_block = attributes.get("CAN-BLOCK-RELOAD") == "YES"
        playlist.hold_back_s = _number(attributes, "HOLD-BACK")
        playlist.part_hold_back_s = _number(attributes, "PART-HOLD-BACK")


def items_from(playlist: Media, segment: int, part: int, *, parts: bool) -> Iterator[Item]:
    """Everything from part ``part`` of ``segment`` on, in order: with ``parts`` in parts where they are listed, else in
    whole segments.

    A segment whose parts are no longer listed is passed over when its beginning was fetched already: that is a loss,
    which shows as a jump in the sound's own time.
    """
    for known in playlist.segments:
        if known.number < segment or known.gap:
            continue
        first = part if known.number == segment else 0
        if parts and known.parts:
            at = known.starts_at
            for index, piece in enumerate(known.parts):
                if index >= first:
                    yield Item(known.number, index, piece.uri, at, piece.duration_s)
                at = None if at is None else at + piece.duration_s
        elif known.uri and first == 0:
            yield Item(known.number, None, known.uri, known.starts_at, known.duration_s)


def begin_at(playlist: Media, *, parts: bool) -> tuple[int, int]:
    """The segment and part to begin with: the hold-back away from the live edge, or the first when it has ended.

    RFC 8216bis, 4.4.3.8: HOLD-BACK is "at least three times the Target Duration", PART-HOLD-BACK should be three part
    targets; these are also the defaults here.
    """
    items = list(items_from(playlist, 0, 0, parts=parts))
    if not items:
        return (playlist.segments[-1].number, 0) if playlist.segments else (0, 0)
    left = playlist.hold_back_s or 3 * playlist.target_s
    if parts:
        left = playlist.part_hold_back_s or 3 * playlist.part_target_s
    for item in reversed(items):
        left -= item.duration_s
        if left <= 1e-6 and not playlist.ended:
            return item.segment, item.part or 0
    return items[0].segment, items[0].part or 0


def next_after(playlist: Media, segment: int, part: int) -> tuple[int, int]:
    """The segment and part to ask for when all before has been fetched: the next part, or the next segment's first."""
    for known in playlist.segments:
        if known.number == segment and known.uri and part >= len(known.parts):
            return segment + 1, 0
    return segment, part


def _lines(text: str) -> list[str]:
    if len(text) > MAX_PLAYLIST_BYTES:
        raise Malformed("A playlist of more than a megabyte.")
    lines = [line.strip() for line in text.splitlines()]
    # RFC 8216bis, 4.4.1.1: "It MUST be the first line of every Media Playlist and every Multivariant Playlist."
    if not lines or lines[0] != "#EXTM3U" or len(lines) > MAX_LINES:
        raise Malformed("Not an HLS playlist.")
    return [line for line in lines[1:] if line]


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def _number(attributes: dict[str, str], name: str) -> float:
    """A decimal attribute, 0 when it is not there."""
    return _real(attributes.get(name, "0"))


def _real(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e12:
        raise Malformed(f"{text[:40]!r} is no number for a playlist.")
    return value


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Malformed(f"{text[:40]!r} is no media sequence number.")
    return int(text)


def _wall_clock(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{text[:40]!r} is no date and time.") from error
