"""What a request of a log asked for, by its path: the paths are those of ``edge.site``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from stentor.base import grid

STREAMS: Final = {"live.aac": 64_000, "live.opus": 24_000, "live.mp4": 64_000}
"""Bits a second, for logs that do not say how long a request took."""
FILE_BPS: Final = 64_000
SEGMENT_BYTES: Final = FILE_BPS // 8 * grid.SEGMENT_SAMPLES // grid.SAMPLE_RATE_HZ


class AskedFor(Enum):
    """What one may ask for."""

    OTHER = auto()
    DOOR = auto()
    """The index of HLS: who gets it is let in."""
    STREAM = auto()
    PLAYLIST = auto()
    SOUND = auto()
    """Parts of HLS, ``number`` of them."""
    TICKET = auto()
    SEGMENT = auto()
    """Of the recording, the ``number``-th."""
    FILE = auto()
    """The recording as one file."""


class SpaceRequest(NamedTuple):
    """A request for something of one space."""

    wish: AskedFor = AskedFor.OTHER
    number: int = 0
    """Of a stream: bits a second. Of a reload that waits: the part that it waits for."""
    waits: bool = False
    """A reload that waits for the next part: it comes once in 0.96 s."""
    ticket: str = ""


OTHER: Final = SpaceRequest()


def asked(target: str, space: str) -> SpaceRequest | None:
    """None for what is of another space, or of none."""
    path, _, text = target.partition("?")
    words = path.split("/")
    if len(words) < 3 or words[1] != "s" or words[2] != space:
        return None
    query = dict(parse_qsl(text[:2048])) if text else {}
    ticket = query.get("ticket", "")
    match words[3:]:
        case ["hls", "index.m3u8"]:
            return SpaceRequest(AskedFor.DOOR, ticket=ticket)
        case ["hls", name] if name.endswith(".m3u8"):
            return SpaceRequest(AskedFor.PLAYLIST, _awaited(query), waits="_HLS_msn" in query)
        case ["hls", _, file] if file.endswith(".m4s"):
            return SpaceRequest(AskedFor.SOUND, 1 if file.count(".") == 2 else grid.PARTS_PER_SEGMENT)
        case [name] if name in STREAMS:
            rate = 32_000 if query.get("rendition") == "aac-32" else STREAMS[name]
            return SpaceRequest(AskedFor.STREAM, rate, ticket=ticket)
        case ["replay", _, file] if file.removesuffix(".m4s").isdecimal() and len(file) < 12:
            return SpaceRequest(AskedFor.SEGMENT, int(file.removesuffix(".m4s")))
        case ["recording.m4a"]:
            return SpaceRequest(AskedFor.FILE)
        case ["ticket"]:
            return SpaceRequest(AskedFor.TICKET)
    return OTHER


def _awaited(query: Mapping[str, str]) -> int:
    """Which part, counted over the space; 0 where none is named."""
    segment, part = query.get("_HLS_msn", ""), query.get("_HLS_part", "")
    if not (segment.isdecimal() and part.isdecimal() and len(segment) < 12 and len(part) < 3):
        return 0
    return int(segment) * grid.PARTS_PER_SEGMENT + int(part)
