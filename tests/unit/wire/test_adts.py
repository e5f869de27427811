"""ADTS: what is packed comes back, in any pieces, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import adts
from tests.support import encoded

FRAMES = st.lists(st.binary(min_size=1, max_size=600), max_size=20)


@given(FRAMES, st.lists(st.integers(1, 400), max_size=30))
def test_any_cut_of_a_stream_gives_the_same_frames(frames: list[bytes], cuts: list[int]) -> None:
    """A listener gets the frames whatever pieces the network makes of them."""
    data = adts.pack(frames)
    buffer, found, at = bytearray(), [], 0
    for cut in [*cuts, len(data)]:
        buffer += data[at : at + cut]
        at += cut
        found += adts.split(buffer)
    assert found == frames
    assert not buffer
    assert adts.unpack(data) == frames


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_frames_or_malformed(data: bytes) -> None:
    """No bytes raise anything but Malformed."""
    try:
        frames = adts.unpack(data)
    except Malformed:
        return
    assert len(data) == sum(len(frame) + adts.HEADER_BYTES for frame in frames)


def test_libav_plays_it() -> None:
    """libav finds every frame and has nothing to say about them."""
    frames = [frame for chunk in encoded.frames(encoded.AAC, 6) for frame in chunk]
    seen = encoded.probe(adts.pack(frames), "aac", live=True)
    assert (seen.codec, seen.packets, seen.warnings) == ("aac", 90, [])
    assert len(seen.samples) == 6 * 15_360
    assert abs(seen.samples).max() > 0.1


def test_the_longest_frame_fits_and_one_more_byte_does_not() -> None:
    """13 bits of length."""
    assert adts.unpack(adts.pack([bytes(8184)])) == [bytes(8184)]
    with pytest.raises(Malformed, match="does not fit"):
        adts.pack([bytes(8185)])


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, 0xFE), (1, 0xE1), (1, 0xF0), (1, 0xF3), (2, 0x8C), (2, 0x50), (3, 0x80), (6, 0xFD)],
    ids=["sync", "sync-low", "crc", "layer", "profile", "rate", "stereo", "two-blocks"],
)
def test_other_kinds_of_adts_are_refused(at: int, value: int) -> None:
    """Only 48 kHz mono AAC-LC without CRC, one block a frame."""
    data = bytearray(adts.pack([b"sound"]))
    data[at] = value
    with pytest.raises(Malformed, match="No ADTS header"):
        adts.unpack(bytes(data))


def test_an_unfinished_or_empty_frame_is_malformed() -> None:
    """unpack wants whole frames with something in them."""
    with pytest.raises(Malformed, match="after the last"):
        adts.unpack(adts.pack([b"sound"])[:-1])
    with pytest.raises(Malformed, match="empty"):
        adts.unpack(adts.pack([b""]))


def test_a_bad_header_leaves_the_buffer_as_it_was() -> None:
    """The caller may look for the next sync in it."""
    buffer = bytearray(adts.pack([b"one"]) + b"garbage")
    before = bytes(buffer)
    with pytest.raises(Malformed):
        adts.split(buffer)
    assert bytes(buffer) == before
