"""Fragmented MP4: libav plays it without a word, and our own reader gets back what was put in."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.base.rendition import RENDITIONS, Codec, Rendition
from stentor.wire import box, mp4
from tests.support import encoded

BOTH = pytest.mark.parametrize("rendition", [encoded.AAC, encoded.OPUS], ids=lambda r: r.name)
FRAMES = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=20)
TIME = st.integers(0, 2**63 - 1)


def stream(rendition: Rendition, *, chunks: int, first: int = 0, pulse: bytes = b"") -> list[bytes]:
    out = []
    for n, frames in enumerate(encoded.frames(rendition, chunks), first):
        event = mp4.emsg(pulse, decode_time=n * 15_360, duration=15_360, id=n) if pulse else b""
        out.append(mp4.fragment(rendition, sequence=n + 1, decode_time=n * 15_360, frames=frames, emsg=event))
    return out


@BOTH
def test_libav_plays_a_live_stream_from_its_middle(rendition: Rendition) -> None:
    """An init and fragments of an hour later play whole, at their times, with pulses between them, no complaint."""
    data = mp4.init(rendition) + b"".join(stream(rendition, chunks=6, first=11_250, pulse=b'{"v":1}'))
    seen = encoded.probe(data, "mp4", live=True)
    assert (seen.codec, seen.warnings) == ("aac" if rendition.codec is Codec.AAC else "opus", [])
    assert seen.packets == 6 * rendition.frames_per_chunk
    assert seen.first_s == pytest.approx(3600, abs=0.03)
    assert len(seen.samples) >= 6 * 15_360 - mp4.OPUS_PRE_SKIP
    assert abs(seen.samples).max() > 0.1


@BOTH
def test_a_recording_has_a_length_and_seeks(rendition: Rendition) -> None:
    """With mehd and sidx, a file of segments says how long it is, and a seek lands where it should."""
    chunks = encoded.frames(rendition, 36)
    segments = [
        mp4.fragment(
            rendition,
            sequence=n + 1,
            decode_time=n * 184_320,
            frames=[frame for chunk in chunks[n * 12 : n * 12 + 12] for frame in chunk],
            styp=True,
        )
        for n in range(3)
    ]
    index = mp4.sidx([len(segment) for segment in segments], [184_320] * 3)
    data = mp4.init(rendition, duration_s=11.52) + index + b"".join(segments)
    seen = encoded.probe(data, "mp4")
    assert seen.warnings == []
    assert seen.duration_s == pytest.approx(11.52, abs=0.03)
    later = encoded.probe(data, "mp4", seek_s=8.0)
    assert later.warnings == []
    assert 7.6 <= later.first_s <= 8.01  # libav drops the 6.5 ms of pre-skip after a seek as well
    assert later.packets < seen.packets / 2


@given(
    st.lists(st.tuples(FRAMES, TIME, st.none() | st.binary(max_size=50)), min_size=1, max_size=4),
    st.lists(st.integers(1, 900), max_size=20),
    st.sampled_from(RENDITIONS),
)
@settings(max_examples=60)
def test_any_cut_of_a_stream_gives_the_same_fragments(
    parts: list[tuple[list[bytes], int, bytes | None]], cuts: list[int], rendition: Rendition
) -> None:
    """A listener gets frames, times and pulses whatever pieces the network makes of them."""
    data = mp4.init(rendition)
    for n, (frames, time, pulse) in enumerate(parts):
        event = b"" if pulse is None else mp4.emsg(pulse, decode_time=time, duration=15_360, id=n)
        data += mp4.fragment(rendition, sequence=n, decode_time=time, frames=frames, emsg=event, styp=n % 2 == 0)
    demuxer, found, at = mp4.Demuxer(), [], 0
    for cut in [*cuts, len(data)]:
        found += demuxer.feed(data[at : at + cut])
        at += cut
    assert demuxer.codec is rendition.codec
    assert found == [mp4.Fragment(n, time, frames, pulse) for n, (frames, time, pulse) in enumerate(parts)]


@given(FRAMES, TIME, TIME)
def test_retiming_is_making_the_fragment_anew(frames: list[bytes], old: int, new: int) -> None:
    """A moved fragment is byte for byte the one that would have been made for that time, its event included."""

    def make(time: int) -> bytes:
        event = mp4.emsg(b"{}", decode_time=time, duration=15_360, id=1)
        return mp4.fragment(encoded.AAC, sequence=1, decode_time=time, frames=frames, emsg=event)

    assert mp4.retime(make(old), new) == make(new)


def test_retiming_keeps_the_distance_between_fragments() -> None:
    """A burst of several chunks moves as one."""
    burst = b"".join(stream(encoded.OPUS, chunks=3, first=100, pulse=b"{}"))
    assert mp4.retime(burst, 0) == b"".join(
        mp4.retime(one, n * 15_360) for n, one in enumerate(stream(encoded.OPUS, chunks=3, first=100, pulse=b"{}"))
    )


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x08free", box.box(b"moof", bytes(80)), b"\0\0\0\x09moof"])
def test_only_our_own_fragments_are_moved(data: bytes) -> None:
    """Anything else is Malformed, never changed."""
    with pytest.raises(Malformed):
        mp4.retime(data, 5)


@given(st.binary(max_size=120), st.sampled_from([b"moof", b"moov", b"emsg", b"mdat", b"free"]))
def test_arbitrary_bytes_are_malformed_or_nothing(data: bytes, kind: bytes) -> None:
    """No bytes in any box raise anything but Malformed."""
    for stream_of in (data, box.box(kind, data), box.box(b"moof", box.box(kind, data)) + box.box(b"mdat", data)):
        try:
            mp4.Demuxer().feed(stream_of)
        except Malformed:
            continue


@given(st.data())
@settings(max_examples=80)
def test_a_damaged_stream_is_malformed_or_plays(data: st.DataObject) -> None:
    """Changed bytes in a true stream never raise anything but Malformed."""
    good = mp4.init(encoded.AAC) + stream(encoded.AAC, chunks=1, pulse=b"{}")[0]
    bad = bytearray(good)
    for at in data.draw(st.lists(st.integers(0, 1200), min_size=1, max_size=4)):
        bad[at] = data.draw(st.integers(0, 255))
    try:
        mp4.Demuxer().feed(bytes(bad))
    except Malformed:
        return


def test_a_stream_of_other_boxes_and_sizes_is_read_as_the_standard_has_it() -> None:
    """trun with duration and size columns, tfhd with default size, tfdt of 32 bits: other writers' fragments too."""
    u32 = struct.Struct(">I").pack
    columns = box.full_box(b"trun", 0, 0x301, u32(2), u32(0), *(u32(v) for v in (1024, 3, 1024, 2)))
    same = box.full_box(b"trun", 0, 0x001, u32(2), u32(0))
    for trun, tfhd, frames in (
        (columns, box.full_box(b"tfhd", 0, 0x02_0000, u32(1)), [b"abc", b"de"]),
        (same, box.full_box(b"tfhd", 0, 0x02_0018, u32(1), u32(1024), u32(2)), [b"ab", b"cd"]),
    ):
        tfdt = box.full_box(b"tfdt", 0, 0, u32(77))
        traf = box.box(b"traf", tfhd, tfdt, trun)
        moof = bytearray(box.box(b"moof", box.full_box(b"mfhd", 0, 0, u32(9)), traf))
        at = moof.index(b"trun") + 12
        moof[at : at + 4] = u32(len(moof) + 8)
        assert mp4.Demuxer().feed(bytes(moof) + box.box(b"mdat", b"abcde")) == [mp4.Fragment(9, 77, frames, None)]


def test_another_scheme_is_not_a_pulse() -> None:
    """Only our own scheme's events are given out."""
    event = mp4.emsg(b"{}", decode_time=0, duration=1, id=1).replace(b"urn:stentor:pulse", b"urn:another:pulse")
    data = mp4.fragment(encoded.AAC, sequence=1, decode_time=0, frames=[b"x"], emsg=event)
    assert mp4.Demuxer().feed(data)[0].pulse is None


@pytest.mark.parametrize("kind", [b"mp4v", b"avc1"])
def test_other_codecs_are_malformed(kind: bytes) -> None:
    """Only the two codecs of the programme."""
    with pytest.raises(Malformed, match="neither"):
        mp4.Demuxer().feed(mp4.init(encoded.AAC).replace(b"mp4a", kind, 1))


def test_a_run_without_offset_or_with_an_absurd_count_is_malformed() -> None:
    """trun flags 0x200 alone; 65,537 samples."""
    good = mp4.fragment(encoded.AAC, sequence=1, decode_time=0, frames=[b"x"])
    at = good.index(b"trun") + 4
    for flags, count in ((0x200, 1), (0x201, 65_537), (0x201, 0)):
        with pytest.raises(Malformed, match="trun"):
            mp4.Demuxer().feed(good[:at] + struct.pack(">II", flags, count) + good[at + 8 :])


def test_a_fragment_that_lacks_a_part_or_points_outside_is_malformed() -> None:
    """No mfhd, no traf, no tfdt, samples longer than their mdat."""
    good = mp4.fragment(encoded.AAC, sequence=1, decode_time=0, frames=[b"x"])
    size = good.index(b"trun") + 16
    mfhd, others = box.full_box(b"mfhd", 0, 0, bytes(4)), box.box(b"tfhd", bytes(8)) + box.box(b"trun", bytes(12))
    empty_last = box.box(b"moof", mfhd, box.box(b"traf", others, box.box(b"tfdt")))
    for bad in (
        good.replace(b"mfhd", b"free"),
        good.replace(b"traf", b"free"),
        good.replace(b"tfdt", b"free"),
        empty_last + box.box(b"mdat", b"x"),
        good[:size] + struct.pack(">I", 2) + good[size + 4 :],
    ):
        with pytest.raises(Malformed):
            mp4.Demuxer().feed(bad)


def test_boxes_that_claim_too_much_are_malformed() -> None:
    """Nobody makes us keep more than 4 MiB."""
    with pytest.raises(Malformed, match="live stream"):
        mp4.Demuxer().feed(struct.pack(">I4s", 5_000_000, b"mdat"))
    with pytest.raises(Malformed):
        mp4.fragment(encoded.AAC, sequence=1, decode_time=0, frames=[])


def test_an_index_has_its_limits() -> None:
    """16 bits of segments, 31 of bytes, 32 of samples, as many sizes as durations."""
    for sizes, durations in (([1] * 65_536, [1] * 65_536), ([1 << 31], [1]), ([1], [1 << 32]), ([1], [])):
        with pytest.raises(Malformed):
            mp4.sidx(sizes, durations)


def test_every_rendition_has_a_codecs_string() -> None:
    """What MSE and playlists are told."""
    assert mp4.CODECS == {"aac-64": "mp4a.40.2", "aac-32": "mp4a.40.2", "opus-24": "opus"}
