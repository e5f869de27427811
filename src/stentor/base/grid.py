"""The grid: every length of sound in Stentor, and the arithmetic between them.

48 kHz, mono. A chunk is the least common multiple of both codecs' frames, so everything is frame-exact:

======= ======= ======== ================ =============
unit    length  samples  AAC frames 1024  Opus frames 960
======= ======= ======== ================ =============
tick    0.02 s  960                       1
chunk   0.32 s  15 360   15               16
part    0.96 s  46 080   45               48
segment 3.84 s  184 320  180              192
======= ======= ======== ================ =============

Chunk ``c`` of a space covers the wall-clock time ``doors_open + c * 0.32 s`` to ``doors_open + (c + 1) * 0.32 s``.
Any process computes numbers from the clock without asking anybody.
"""

from __future__ import annotations

import math
from typing import NewType

Tick = NewType("Tick", int)
Chunk = NewType("Chunk", int)
Part = NewType("Part", int)
Segment = NewType("Segment", int)

SAMPLE_RATE_HZ = 48_000
TICK_SAMPLES = 960
TICK_S = 0.02
TICKS_PER_CHUNK = 16
CHUNK_SAMPLES = 15_360
CHUNK_S = 0.32
CHUNK_MS = 320
CHUNKS_PER_PART = 3
CHUNKS_PER_SEGMENT = 12
PARTS_PER_SEGMENT = 4
PART_SAMPLES = CHUNK_SAMPLES * CHUNKS_PER_PART
PART_S = 0.96
SEGMENT_SAMPLES = CHUNK_SAMPLES * CHUNKS_PER_SEGMENT
SEGMENT_S = 3.84
AAC_FRAME_SAMPLES = 1024
AAC_FRAMES_PER_CHUNK = 15
OPUS_FRAME_SAMPLES = 960
OPUS_FRAMES_PER_CHUNK = 16
HOLD_CHUNKS = 192
"""Length of the hold loop: 61.44 s."""
_ROUNDING_S = 1e-5
"""Seconds since 1970 as a float are exact to 0.5 µs only; a start must still belong to what it starts."""


def tick_at(now: float, doors_open: float) -> Tick:
    """The tick that is under way at ``now`` (both in wall-clock seconds); negative before the doors."""
    return Tick(math.floor((now - doors_open + _ROUNDING_S) / TICK_S))


def chunk_at(now: float, doors_open: float) -> Chunk:
    """The chunk that is under way at ``now``; negative before the doors."""
    return Chunk(math.floor((now - doors_open + _ROUNDING_S) / CHUNK_S))


def tick_start(tick: int, doors_open: float) -> float:
    """Wall-clock seconds at which the first sample of ``tick`` is due."""
    return doors_open + tick * TICK_S


def chunk_start(chunk: int, doors_open: float) -> float:
    """Wall-clock seconds at which the first sample of ``chunk`` is due."""
    return doors_open + chunk * CHUNK_S


def decode_time(chunk: int) -> int:
    """Samples from doors-open to the first sample of ``chunk``."""
    return chunk * CHUNK_SAMPLES


def part_of(chunk: int) -> Part:
    """The part (counted over the whole space) that ``chunk`` belongs to."""
    return Part(chunk // CHUNKS_PER_PART)


def segment_of(chunk: int) -> Segment:
    """The segment that ``chunk`` belongs to; also its HLS media sequence number."""
    return Segment(chunk // CHUNKS_PER_SEGMENT)


def first_chunk_of_part(part: int) -> Chunk:
    return Chunk(part * CHUNKS_PER_PART)


def first_chunk_of_segment(segment: int) -> Chunk:
    return Chunk(segment * CHUNKS_PER_SEGMENT)


def hold_chunk(chunk: int) -> int:
    """Which of the :data:`HOLD_CHUNKS` chunks of the hold loop plays at ``chunk``: the same at every process."""
    return chunk % HOLD_CHUNKS
