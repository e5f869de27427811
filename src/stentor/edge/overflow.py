"""The overflow: who is outside a full space follows some minutes behind, from the segments that the archive has stored.

Everything is a file that a cache in front of the edges keeps: a playlist for some seconds, segments for ever, and the
same ones that the replay has. No listener's place is taken.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from stentor.base import grid
from stentor.base.errors import NotFound
from stentor.base.rendition import RENDITIONS, Codec, Rendition
from stentor.edge import subtitles
from stentor.edge.numbered import is_number
from stentor.spaces.model import Space
from stentor.wire import playlist, webvtt
from stentor.wire.manifest import Entry
from stentor.wire.playlist import Subtitles

TEXT = f"{subtitles.NAME}.m3u8"
WINDOW = 15
"""Segments in a playlist: about a minute."""
FIRST = 4
"""So many segments must be old enough before anybody is sent there: players begin three before the end."""
CACHE = "public, max-age=2"


def ready(space: Space, at_ms: int) -> bool:
    """Whether there is something to follow for those outside at ``at_ms``."""
    if not (space.on_air and space.overflow_s and space.recorded and space.doors_open_ms is not None):
        return False
    return at_ms >= (space.opened_ms or space.doors_open_ms) + round((space.overflow_s + FIRST * grid.SEGMENT_S) * 1000)


def path(space: Space) -> str:
    """Where it stands under ``/s/{space}/``. The delay is part of it: one playlist never goes back in time."""
    return f"overflow/{space.overflow_s}/index.m3u8"


def check(space: Space, delay: str) -> None:
    """Raises :class:`NotFound` for a delay that is not the one the hosts have chosen."""
    if not space.overflow_s or not space.recorded or delay != str(space.overflow_s):
        raise NotFound("Nobody follows this space with that delay; door.json has the address.", code="no-overflow")


def heard_ms(space: Space, at_ms: int) -> int:
    """What is now for those who follow at ``at_ms`` (wall clock), from the opening of the doors."""
    return at_ms - (space.doors_open_ms or 0) - space.overflow_s * 1000


def segment(space: Space, file: str, at_ms: int) -> int:
    """The number of a segment of captions; raises :class:`NotFound` for what is none or not old enough at ``at_ms``."""
    number = file.removesuffix(".vtt")
    if number == file or not is_number(number):
        raise NotFound("There is no such file.", code="no-such-file")
    if (int(number) + 1) * webvtt.SEGMENT_MS > heard_ms(space, at_ms):
        raise NotFound("That segment is not old enough yet.", code="no-such-segment")
    return int(number)


def due(entries: Sequence[Entry], until_ms: int) -> Sequence[Entry]:
    """The newest entries that have ended by ``until_ms`` (wall clock), :data:`WINDOW` at most, in order.

    They begin behind the last hole: who follows live goes on where there is sound.
    """
    count = bisect_right(entries, until_ms, key=lambda entry: entry.start_ms + round(entry.duration_s * 1000))
    window = entries[max(0, count - WINDOW) : count]
    holes = [index for index, entry in enumerate(window) if entry.hole]
    return window[holes[-1] + 1 :] if holes else window


def index(captions: Subtitles | None) -> str:
    """The multivariant playlist."""
    variants = [rendition for rendition in RENDITIONS if rendition.codec is Codec.AAC]
    return playlist.multivariant(variants, uri=lambda rendition: f"{rendition.name}.m3u8", subtitles=captions)


def media(entries: Sequence[Entry], rendition: Rendition, *, ended: bool) -> str:
    """The playlist of one rendition; its segments are those of the replay."""
    base = f"../../replay/{rendition.name}"
    return playlist.overflow(
        entries, rendition=rendition.name, map_uri=f"{base}/init.mp4", uri=lambda n: f"{base}/{n}.m4s", ended=ended
    )


def text(entries: Sequence[Entry], *, ended: bool) -> str:
    """The playlist of the captions, of the same segments."""
    return playlist.overflow(entries, uri=lambda n: f"{subtitles.NAME}/{n}.vtt", ended=ended)
