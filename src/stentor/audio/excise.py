"""Takes chunks out of a stored segment: silence stands in their place, and the rest keeps its bytes and its times."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from stentor.audio.hold import silent_chunk
from stentor.base import grid
from stentor.base.rendition import BY_NAME, Rendition
from stentor.wire import mp4
from stentor.wire.demux import Demuxer, Fragment


def excise(segment: bytes, rendition: Rendition, chunks: Collection[int]) -> bytes:
    """The segment with silence in ``chunks``. A part that loses one has no pulse: it says who spoke, and how loud.

    Raises :class:`~stentor.base.errors.Malformed` for bytes that are no segment.
    """
    return b"".join(_without(fragment, rendition, chunks) for fragment in Demuxer().feed(segment))


def silent_segment(rendition: Rendition, first: int, chunks: int) -> bytes:
    """A segment of silence in the place of ``chunks`` chunks from ``first`` on; its size depends on ``chunks`` only."""
    pieces, end = [], first + chunks
    while first < end:
        following = min(end, grid.first_chunk_of_part(grid.part_of(first) + 1))
        frames = _silence(rendition.name) * (following - first)
        pieces.append(_fragment(rendition, first, frames))
        first = following
    return b"".join(pieces)


@cache
def silent_size(name: str, chunks: int) -> int:
    """Bytes of :func:`silent_segment` in the rendition ``name``, for a segment that begins with a whole part."""
    return len(silent_segment(BY_NAME[name], 0, chunks))


@cache
def _silence(name: str) -> list[bytes]:
    return silent_chunk()[name]


def _without(fragment: Fragment, rendition: Rendition, chunks: Collection[int]) -> bytes:
    first = fragment.decode_time // grid.CHUNK_SAMPLES
    length = rendition.frames_per_chunk
    count = len(fragment.frames) // length
    frames: list[bytes] = []
    for number in range(count):
        own = fragment.frames[number * length : (number + 1) * length]
        frames += _silence(rendition.name) if first + number in chunks else own
    touched = any(first + number in chunks for number in range(count))
    return _fragment(rendition, first, frames, b"" if touched else fragment.pulse or b"")


def _fragment(rendition: Rendition, first: int, frames: list[bytes], pulse: bytes = b"") -> bytes:
    """One part, as the archive writes it."""
    start = grid.decode_time(first)
    event = mp4.emsg(pulse, decode_time=start, duration=grid.PART_SAMPLES, id=first) if pulse else b""
    return mp4.fragment(rendition, sequence=grid.part_of(first) + 1, decode_time=start, frames=frames, emsg=event)
