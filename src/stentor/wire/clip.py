"""Clips: some seconds of a recording as a file of its own, cut between frames without encoding anything again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stentor.base import grid
from stentor.base.errors import BadInput
from stentor.base.rendition import Rendition
from stentor.wire import mp4
from stentor.wire.demux import Demuxer
from stentor.wire.manifest import Entry

MAX_CLIP_S = 60.0
"""Long enough for a thought, short enough to be made while one waits (480 kB)."""
LEAST_CLIP_S = 0.5
_FRAGMENT_FRAMES = grid.PART_SAMPLES // grid.AAC_FRAME_SAMPLES


class Cut(NamedTuple):
    """Seconds from the beginning of a recording."""

    start_s: float
    end_s: float


def asked(start: str | None, end: str | None) -> Cut:
    """The cut of ``?from=`` and ``&to=``; raises :class:`BadInput`."""
    try:
        cut = Cut(float(start or ""), float(end or ""))
    except ValueError:
        cut = Cut(-1.0, -1.0)
    # written so that a NaN is refused too
    if not (cut.start_s >= 0 and LEAST_CLIP_S <= cut.end_s - cut.start_s <= MAX_CLIP_S):
        raise BadInput(
            f"A clip is /clip.m4a?from=754&to=784: seconds of the recording, {LEAST_CLIP_S} to {MAX_CLIP_S:.0f} apart."
        )
    return cut


def touched(entries: Sequence[Entry], cut: Cut) -> list[Entry]:
    """The segments that a cut needs; raises :class:`BadInput` when it begins behind the end."""
    first, last = (int(at_s / grid.SEGMENT_S) for at_s in cut)
    found = [entry for entry in entries if first <= entry.number <= last]
    if not found:
        end_s = grid.CHUNK_S * (entries[-1].first_chunk + entries[-1].chunks) if entries else 0.0
        raise BadInput(f"The recording ends after {end_s:.2f} s, before the clip begins.")
    return found


def clip(segments: Iterable[bytes], rendition: Rendition, cut: Cut) -> bytes:
    """Fragmented MP4 with an index, from 0 s on: the frames of ``segments`` that begin within the cut.

    The first frame of AAC overlaps with one that is not there: a decoder fades in over 21 ms. Raises
    :class:`~stentor.base.errors.Malformed` for segments that do not parse, BadInput when no frame is within the cut.
    """
    first, end = (round(at_s * grid.SAMPLE_RATE_HZ / rendition.frame_samples) for at_s in cut)
    demuxer = Demuxer()
    frames: list[bytes] = []
    for fragment in (fragment for segment in segments for fragment in demuxer.feed(segment)):
        number = fragment.decode_time // rendition.frame_samples
        frames += fragment.frames[max(0, first - number) : max(0, end - number)]
    if not frames:
        raise BadInput("The recording ends before the clip begins.")
    groups = [frames[at : at + _FRAGMENT_FRAMES] for at in range(0, len(frames), _FRAGMENT_FRAMES)]
    samples = [len(group) * rendition.frame_samples for group in groups]
    fragments = [
        mp4.fragment(rendition, sequence=number + 1, decode_time=sum(samples[:number]), frames=group)
        for number, group in enumerate(groups)
    ]
    head = mp4.init(rendition, duration_s=sum(samples) / grid.SAMPLE_RATE_HZ)
    return b"".join((head, mp4.sidx([len(fragment) for fragment in fragments], samples), *fragments))
