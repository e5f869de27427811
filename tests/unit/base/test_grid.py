"""The grid's arithmetic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.base import grid

ORIGIN = st.floats(0, 4e9)
CHUNK = st.integers(0, 10_000_000)


def test_every_length_is_whole_frames_of_both_codecs() -> None:
    """Chunks, parts and segments are frame-exact, and the hold loop is 61.44 s."""
    assert grid.CHUNK_SAMPLES == grid.AAC_FRAMES_PER_CHUNK * grid.AAC_FRAME_SAMPLES
    assert grid.CHUNK_SAMPLES == grid.OPUS_FRAMES_PER_CHUNK * grid.OPUS_FRAME_SAMPLES
    assert grid.CHUNK_SAMPLES == grid.TICKS_PER_CHUNK * grid.TICK_SAMPLES == grid.CHUNK_S * grid.SAMPLE_RATE_HZ
    assert grid.PART_SAMPLES == grid.PART_S * grid.SAMPLE_RATE_HZ
    assert grid.SEGMENT_SAMPLES == grid.SEGMENT_S * grid.SAMPLE_RATE_HZ
    assert grid.CHUNKS_PER_SEGMENT == grid.CHUNKS_PER_PART * grid.PARTS_PER_SEGMENT
    assert grid.HOLD_CHUNKS % grid.CHUNKS_PER_SEGMENT == 0
    assert round(grid.HOLD_CHUNKS * grid.CHUNK_S, 2) == 61.44


@given(CHUNK, ORIGIN)
def test_a_chunk_is_under_way_from_its_start_on(chunk: int, origin: float) -> None:
    """The start of a chunk belongs to it, the moment before it to the one before."""
    assert grid.chunk_at(grid.chunk_start(chunk, origin), origin) == chunk
    assert grid.chunk_at(grid.chunk_start(chunk, origin) - 0.01, origin) == chunk - 1
    assert grid.tick_at(grid.tick_start(chunk, origin), origin) == chunk


@given(CHUNK)
def test_parts_and_segments_contain_their_chunks(chunk: int) -> None:
    """First chunks and owners agree."""
    part, segment = grid.part_of(chunk), grid.segment_of(chunk)
    assert grid.first_chunk_of_part(part) <= chunk < grid.first_chunk_of_part(part + 1)
    assert grid.first_chunk_of_segment(segment) <= chunk < grid.first_chunk_of_segment(segment + 1)
    assert grid.decode_time(chunk + 1) - grid.decode_time(chunk) == grid.CHUNK_SAMPLES
    assert grid.hold_chunk(chunk + grid.HOLD_CHUNKS) == grid.hold_chunk(chunk) < grid.HOLD_CHUNKS
