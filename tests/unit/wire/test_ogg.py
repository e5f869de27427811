"""Ogg: pages come back whole, checksums are the standard's, a late joiner starts near zero."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput, Malformed
from stentor.wire import ogg
from tests.support import encoded

PACKETS = st.lists(st.binary(max_size=800), min_size=1, max_size=16)
U32 = st.integers(0, 0xFFFF_FFFF)
GRANULE = st.integers(0, 2**62)


def slow_crc(data: bytes) -> int:
    """The checksum as RFC 3533 describes it, bit for bit."""
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C1_1DB7 if value & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    return value


@given(st.binary(max_size=300))
def test_the_checksum_is_the_standards(data: bytes) -> None:
    """The quick way over zlib gives what the long division gives."""
    assert ogg.crc(data) == slow_crc(data)


@given(PACKETS, U32, U32, GRANULE, st.booleans())
def test_a_page_comes_back(packets: list[bytes], serial: int, sequence: int, granule: int, last: bool) -> None:
    """What goes into a page comes out of it."""
    made = ogg.page(packets, serial=serial, sequence=sequence, granule=granule, last=last)
    assert ogg.parse(made) == [ogg.Page(serial, sequence, granule, False, last, packets)]


@given(PACKETS, U32, GRANULE, U32, GRANULE)
def test_rebasing_is_making_the_page_anew(packets: list[bytes], s1: int, g1: int, s2: int, g2: int) -> None:
    """A rebased page is byte for byte the page that would have been made with those numbers."""
    made = ogg.page(packets, serial=7, sequence=s1, granule=g1)
    again = ogg.page(packets, serial=7, sequence=s2, granule=g2)
    assert ogg.rebase(made, sequence=s2, granule=g2) == again


@given(st.lists(PACKETS, min_size=1, max_size=4), st.lists(st.integers(1, 500), max_size=20))
def test_any_cut_of_a_stream_gives_the_same_pages(chunks: list[list[bytes]], cuts: list[int]) -> None:
    """A listener gets the pages whatever pieces the network makes of them."""
    data = b"".join(ogg.page(c, serial=1, sequence=n, granule=n * 960) for n, c in enumerate(chunks))
    demuxer, found, at = ogg.OggDemuxer(), [], 0
    for cut in [*cuts, len(data)]:
        found += demuxer.feed(data[at : at + cut])
        at += cut
    assert [page.packets for page in found] == chunks
    assert demuxer.pending == 0


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_pages_or_malformed(data: bytes) -> None:
    """No bytes raise anything but Malformed, with or without a true beginning."""
    for start in (b"", b"OggS\0"):
        try:
            ogg.parse(start + data)
        except Malformed:
            continue
        assert not start + data


def test_libav_plays_a_late_joiners_stream_from_zero() -> None:
    """Headers and rebased pages of a stream an hour old begin at zero and raise no complaint."""
    pages = []
    for n, packets in enumerate(encoded.frames(encoded.OPUS, 6)):
        shared = ogg.page(packets, serial=9, sequence=11_250 + n, granule=(11_251 + n) * 15_360)
        pages.append(ogg.rebase(shared, sequence=2 + n, granule=(n + 1) * 15_360))
    seen = encoded.probe(ogg.headers(9, 312, title="Ein Abend – live") + b"".join(pages), "ogg", live=True)
    assert (seen.codec, seen.packets, seen.warnings) == ("opus", 96, [])
    assert abs(seen.first_s) < 0.01
    assert len(seen.samples) >= 6 * 15_360 - 312
    assert abs(seen.samples).max() > 0.1


def test_the_headers_say_what_they_must() -> None:
    """RFC 7845: OpusHead alone on the first page, OpusTags on the second, both at position zero."""
    head, tags = ogg.parse(ogg.headers(5, 312, title="Abend"))
    assert (head.first, head.granule, head.sequence, len(head.packets)) == (True, 0, 0, 1)
    assert ogg.pre_skip(head.packets[0]) == 312
    assert tags.packets[0].endswith(b"TITLE=Abend")
    assert (tags.first, tags.sequence) == (False, 1)
    (plain,) = ogg.parse(ogg.headers(5, 312))[1].packets
    assert plain == b"OpusTags" + struct.pack("<I", 7) + b"stentor" + bytes(4)


@pytest.mark.parametrize("head", [b"", b"OpusHead", b"OpusTags" + bytes(11), b"OpusHead\x10\x01" + bytes(9)])
def test_other_identification_headers_are_malformed(head: bytes) -> None:
    """Cut, wrong magic, or of a version we cannot read."""
    with pytest.raises(Malformed):
        ogg.pre_skip(head)


def test_a_changed_byte_is_found() -> None:
    """The checksum covers the page."""
    made = bytearray(ogg.page([b"sound"], serial=1, sequence=2, granule=3))
    made[-1] ^= 1
    with pytest.raises(Malformed, match="checksum"):
        ogg.parse(bytes(made))


def test_a_packet_over_two_pages_comes_with_the_second() -> None:
    """RFC 3533, 5: a lacing value of 255 at the end means that the packet goes on."""
    whole = ogg.page([bytes(600)], serial=1, sequence=0, granule=960)
    first = _page(flags=0, lacing=b"\xff\xff", body=bytes(510))
    second = _page(flags=1, lacing=b"\x5a", body=bytes(90))
    pages = ogg.parse(first + second)
    assert [page.packets for page in pages] == [[], [bytes(600)]]
    assert ogg.parse(whole)[0].packets == [bytes(600)]
    assert ogg.parse(first + _page(flags=0, lacing=b"\x01", body=b"x"))[1].packets == [b"x"]


def test_a_packet_without_end_is_malformed() -> None:
    """Nobody makes us keep more than one packet may be long."""
    with pytest.raises(Malformed, match="over the limit"):
        ogg.parse(
            _page(flags=0, lacing=b"\xff" * 200, body=bytes(51_000))
            + _page(flags=1, lacing=b"\xff" * 200, body=bytes(51_000))
        )


@pytest.mark.parametrize("packets", [[], [bytes(4080)] * 16])
def test_a_page_has_1_to_255_segments(packets: list[bytes]) -> None:
    """Too much for a page is refused, not cut."""
    with pytest.raises(Malformed, match="segments"):
        ogg.page(packets, serial=1, sequence=1, granule=1)


def test_what_is_not_a_page_is_not_rebased() -> None:
    """Only a page may be changed."""
    with pytest.raises(Malformed):
        ogg.rebase(b"RIFF" + bytes(40), sequence=1, granule=1)
    with pytest.raises(Malformed, match="after the last"):
        ogg.parse(ogg.page([b"sound"], serial=1, sequence=2, granule=3)[:-1])


def test_a_title_has_a_limit() -> None:
    """4096 bytes."""
    with pytest.raises(BadInput, match="title"):
        ogg.headers(1, 312, title="x" * 5000)


def _page(*, flags: int, lacing: bytes, body: bytes) -> bytes:
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, 0, 1, 0, 0, len(lacing)) + lacing
    check = struct.pack("<I", slow_crc(head + body))
    return head[:22] + check + head[26:] + body
