"""RTP and RTCP for one stream each way."""

import pytest
from aiortc.rtp import RtcpPacket, RtcpRrPacket, RtcpSdesPacket, RtcpSenderInfo, RtcpSrPacket, RtpPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.stage import rtp

UINT16, UINT32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)


def _nearly_rtcp(kind: int, body: bytes) -> bytes:
    words = len(body) // 4
    return bytes([0x81, kind]) + words.to_bytes(2) + body[: words * 4]


@given(st.integers(0, 127), UINT16, UINT32, UINT32, st.binary(min_size=1, max_size=400))
def test_what_is_packed_is_read_by_another_implementation(
    kind: int, sequence: int, timestamp: int, ssrc: int, payload: bytes
) -> None:
    """Our packets are RTP."""
    theirs = RtpPacket.parse(rtp.pack(kind, sequence, timestamp, ssrc, payload))
    assert (theirs.payload_type, theirs.sequence_number, theirs.timestamp, theirs.ssrc) == (
        kind,
        sequence,
        timestamp,
        ssrc,
    )
    assert theirs.payload == payload


@given(st.binary(max_size=300), st.lists(UINT32, max_size=15), st.integers(0, 9), st.integers(0, 20))
def test_extensions_contributors_and_padding_are_taken_off(
    payload: bytes, contributors: list[int], words: int, padding: int
) -> None:
    """Of a packet with everything that RTP allows the payload is what its sender put in."""
    flags = 0x80 | len(contributors) | (0x10 if words else 0) | (0x20 if padding else 0)
    datagram = rtp.HEADER.pack(flags, 0x80 | 111, 7, 8, 9)
    datagram += b"".join(each.to_bytes(4) for each in contributors)
    if words:
        datagram += b"\xbe\xde" + words.to_bytes(2) + bytes(4 * words)
    datagram += payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")
    assert rtp.parse(datagram) == rtp.Packet(111, 7, 8, 9, payload)


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(lambda tail: b"\xb0" + tail)))
def test_any_bytes_are_a_packet_or_malformed(datagram: bytes) -> None:
    """Nothing else is raised, and no payload is longer than what came."""
    try:
        packet = rtp.parse(datagram)
    except Malformed:
        return
    assert len(packet.payload) <= len(datagram) - 12


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=80), st.builds(_nearly_rtcp, st.integers(200, 206), st.binary(max_size=48))))
def test_any_bytes_are_rtcp_or_malformed(datagram: bytes) -> None:
    """Nothing else is raised for reports."""
    try:
        rtp.sender_report(datagram)
    except Malformed:
        return


def _packets(numbers: list[int], reception: rtp.Reception) -> None:
    for number in numbers:
        packet = rtp.Packet(111, number & 0xFFFF, number * 960, reception.ssrc, b"x")
        reception.add(packet, number * 0.02)


def test_the_report_says_what_was_lost_since_the_last() -> None:
    """Loss is counted over the wrap of the sequence numbers, per interval and in all."""
    reception = rtp.Reception(5)
    _packets([number for number in range(65_500, 65_600) if number % 4], reception)
    report = reception.report(10.0)
    assert report is not None
    assert report.packets_lost == 24  # 65500 itself was never known to be missing
    assert reception.loss == pytest.approx(24 / 99)
    assert report.fraction_lost == int(256 * 24 / 99)
    assert report.highest_sequence == 65_599
    _packets(list(range(65_600, 65_650)), reception)
    again = reception.report(11.0)
    assert again is not None
    assert again.fraction_lost == 0
    assert again.packets_lost == 24


def test_even_packets_have_no_jitter_and_uneven_ones_have() -> None:
    """Interarrival jitter as in RFC 3550, A.8: 10 ms of alternating delay is nearly 480 samples."""
    even, uneven = rtp.Reception(1), rtp.Reception(1)
    for number in range(500):
        packet = rtp.Packet(111, number, number * 960, 1, b"x")
        even.add(packet, number * 0.02)
        uneven.add(packet, number * 0.02 + (0.01 if number % 2 else 0.0))
    smooth, rough = even.report(1.0), uneven.report(1.0)
    assert smooth is not None
    assert rough is not None
    assert smooth.jitter == 0
    assert 470 <= rough.jitter <= 481


def test_no_report_before_any_packet() -> None:
    """A source that was never heard is not reported on."""
    assert rtp.Reception(1).report(1.0) is None


def test_reports_are_read_by_another_implementation() -> None:
    """Before the first packet a receiver report, then a sender report with counts, each with our name."""
    transmission = rtp.Transmission(ssrc=3, payload_type=111, cname="stage", sequence=0x7FFF, origin=0xFFFFFFFF)
    first, name = RtcpPacket.parse(transmission.report(None, 100.0))
    assert isinstance(first, RtcpRrPacket)
    assert isinstance(name, RtcpSdesPacket)
    packets = [rtp.parse(transmission.pack(b"12345", tick)) for tick in (0, 1, 3)]
    assert [packet.sequence for packet in packets] == [0x7FFF, 0x8000, 0x8001]
    assert [packet.timestamp for packet in packets] == [0xFFFFFFFF, 959, 2879]
    heard = rtp.Reception(9)
    _packets([1, 2, 3], heard)
    heard.heard_sender_report(0x1234_5678_9ABC_DEF0, 100.0)
    report, _ = RtcpPacket.parse(transmission.report(heard.report(100.5), 101.0))
    assert isinstance(report, RtcpSrPacket)
    assert (report.sender_info.packet_count, report.sender_info.octet_count) == (3, 15)
    assert report.sender_info.rtp_timestamp == 2879
    assert (report.reports[0].lsr, report.reports[0].dlsr) == (0x5678_9ABC, 0x8000)


def test_the_senders_clock_is_found_in_a_compound_packet() -> None:
    """The NTP timestamp of a sender report is read, and there is none in a receiver report."""
    info = RtcpSenderInfo(ntp_timestamp=77, rtp_timestamp=1, packet_count=1, octet_count=1)
    assert rtp.sender_report(bytes(RtcpSrPacket(ssrc=1, sender_info=info))) == 77
    transmission = rtp.Transmission(ssrc=3, payload_type=111, cname="stage", sequence=1, origin=1)
    assert rtp.sender_report(transmission.farewell()) is None
