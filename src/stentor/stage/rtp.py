"""RTP and RTCP for one Opus stream each way (RFC 3550), bytes in and out.

Only what a seat needs: one source, no CSRC of our own, no header extensions. What arrives may be anything; it parses or
it is :class:`~stentor.base.errors.Malformed`.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from stentor.base import grid
from stentor.base.errors import Malformed

HEADER = struct.Struct("!BBHII")
VERSION = 2
MAX_DATAGRAM_BYTES = 1500
"""A packet of Opus has 1275 bytes at most (RFC 6716, 3.2.1); what is larger was not sent as one datagram."""
NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (Unix)."""


class Packet(NamedTuple):
    """One RTP packet. ``timestamp`` counts samples at 48 kHz and wraps at 2^32, ``sequence`` at 2^16."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(datagram: bytes) -> Packet:
    """The packet in a decrypted datagram, header extensions and padding taken off; raises :class:`Malformed`."""
    if not HEADER.size <= len(datagram) <= MAX_DATAGRAM_BYTES:
        raise Malformed("An RTP packet has 12 to 1500 bytes.")
    flags, kind, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
    if flags >> 6 != VERSION:
        raise Malformed("Not RTP version 2.")
    start, end = HEADER.size + 4 * (flags & 0x0F), len(datagram)
    if flags & 0x10:  # "the fixed header MUST be followed by exactly one header extension" (RFC 3550, 5.1)
        if end < start + 4:
            raise Malformed("The header extension is cut short.")
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4])
    if flags & 0x20:  # "the last octet of the padding contains a count of how many padding octets should be ignored"
        padding = datagram[-1]
        if not padding:
            raise Malformed("The padding counts at least itself.")
        end -= padding
    if start > end:
        raise Malformed("Header and padding are longer than the packet.")
    return Packet(kind & 0x7F, sequence, timestamp, ssrc, datagram[start:end])


def pack(payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """The datagram of one packet; ``sequence`` and ``timestamp`` are wrapped here."""
    return HEADER.pack(0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


class Reception:
    """What a receiver report says about one source (RFC 3550, 6.4.1 and appendix A)."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        self.highest = -1
        self.loss = 0.0
        """Share of packets lost between the last two reports, 0 to 1."""
        self._base = 0
        self._jitter = 0.0
        self._transit = 0.0
        self._expected_before = 0
        self._received_before = 0
        self._last_sr = 0
        self._last_sr_at = 0.0

    def add(self, packet: Packet, now: float) -> None:
        """Counts a packet of this source that arrived at ``now`` (seconds)."""
        transit = now * grid.SAMPLE_RATE_HZ - packet.timestamp
        if self.highest < 0:
            self.highest, self._base, self._transit = packet.sequence, packet.sequence, transit
        self.received += 1
        ahead = (packet.sequence - self.highest + 0x8000 & 0xFFFF) - 0x8000
        self.highest = max(self.highest, self.highest + ahead)
        deviation, self._transit = abs(transit - self._transit), transit
        if deviation < grid.SAMPLE_RATE_HZ:  # a jump or wrap of the timestamps is not jitter
            self._jitter += (deviation - self._jitter) / 16

    @property
    def jitter_ms(self) -> float:
        """How much the packets' ways differ (RFC 3550, 6.4.1)."""
        return self._jitter / grid.SAMPLE_RATE_HZ * 1000

    def heard_sender_report(self, ntp_timestamp: int, now: float) -> None:
        """Remembers the sender's clock, so that it can work out the round trip from our report."""
        self._last_sr, self._last_sr_at = ntp_timestamp >> 16 & 0xFFFFFFFF, now

    def report(self, now: float) -> RtcpReceiverInfo | None:
        """The report block since the last call; None before any packet."""
        if self.highest < 0:
            return None
        expected = self.highest - self._base + 1
        interval = expected - self._expected_before
        lost = max(0, interval - (self.received - self._received_before))
        self._expected_before, self._received_before = expected, self.received
        self.loss = lost / interval if interval > 0 else 0.0
        delay = now - self._last_sr_at
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, int(self.loss * 256)),
            packets_lost=max(-0x800000, min(0x7FFFFF, expected - self.received)),
            highest_sequence=self.highest & 0xFFFFFFFF,
            jitter=min(0xFFFFFFFF, int(self._jitter)),
            lsr=self._last_sr,
            dlsr=int(delay * 65536) if self._last_sr and 0 <= delay < 65536 else 0,
        )


class Transmission:
    """One outgoing Opus stream: numbers, counters and the sender's half of the reports."""

    def __init__(self, *, ssrc: int, payload_type: int, cname: str, sequence: int, origin: int) -> None:
        self.ssrc, self.payload_type, self.cname = ssrc, payload_type, cname
        self.packets = 0
        self.octets = 0
        self._sequence = sequence
        self._origin = origin
        self._timestamp = origin

    def pack(self, opus: bytes, tick: int) -> bytes:
        """The datagram for the Opus packet of ``tick``; a skipped tick shows as a gap in the timestamps."""
        self._timestamp = self._origin + tick * grid.TICK_SAMPLES & 0xFFFFFFFF
        datagram = pack(self.payload_type, self._sequence, self._timestamp, self.ssrc, opus)
        self._sequence += 1
        self.packets += 1
        self.octets += len(opus)
        return datagram

    def report(self, heard: RtcpReceiverInfo | None, now: float) -> bytes:
        """The compound RTCP packet of now (wall-clock seconds): a sender report when something was sent."""
        blocks = [heard] if heard else []
        first: RtcpSrPacket | RtcpRrPacket
        if self.packets:
            info = RtcpSenderInfo(
                ntp_timestamp=int((now + NTP_EPOCH_S) * 2**32) & 0xFFFFFFFFFFFFFFFF,
                rtp_timestamp=self._timestamp,
                packet_count=self.packets & 0xFFFFFFFF,
                octet_count=self.octets & 0xFFFFFFFF,
            )
            first = RtcpSrPacket(ssrc=self.ssrc, sender_info=info, reports=blocks)
        else:
            first = RtcpRrPacket(ssrc=self.ssrc, reports=blocks)
        name = RtcpSourceInfo(ssrc=self.ssrc, items=[(1, self.cname.encode())])
        return bytes(first) + bytes(RtcpSdesPacket(chunks=[name]))

    def farewell(self) -> bytes:
        """The BYE that ends the stream, after an empty report as a compound packet must begin with one."""
        return bytes(RtcpRrPacket(ssrc=self.ssrc, reports=[])) + bytes(RtcpByePacket(sources=[self.ssrc]))


def sender_report(datagram: bytes) -> int | None:
    """The NTP timestamp of the sender report in a compound RTCP packet, if there is one; raises :class:`Malformed`."""
    try:
        packets = RtcpPacket.parse(datagram)
    except (ValueError, IndexError, struct.error) as error:
        raise Malformed(f"Not RTCP: {error}") from error
    for packet in packets:
        if isinstance(packet, RtcpSrPacket):
            return packet.sender_info.ntp_timestamp
    return None
