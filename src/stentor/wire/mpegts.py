"""An MPEG transport stream of H.264 and AAC, as servers take it over SRT (ISO/IEC 13818-1; ITU-T H.222.0).

Sound and pictures come in the order of their times. What is said of the clock is the time at which something is sent;
what is heard and seen stands half a second behind it. Tables and clock come with every piece of sound, three times a
second, so that whoever joins late, or gets no pictures for a while, knows at once what it is.
"""

from __future__ import annotations

from typing import Final

from stentor.wire import adts

PACKET_BYTES: Final = 188
PICTURE, SOUND = 0x100, 0x101
"""Numbers of the two streams (PID)."""
_PAT, _PMT, _PROGRAM = 0, 0x1000, 1
_H264, _AAC = 0x1B, 0x0F
"""What they are (table 2-34): H.264 in annex B, AAC in ADTS."""
_PICTURE_ID, _SOUND_ID = 0xE0, 0xC0
_DELIMITER: Final = b"\0\0\0\1\x09\xf0"
"""An access unit delimiter, which H.222.0 (2.14.1) asks for before every picture."""
BEHIND_MS: Final = 500
_MASK: Final = (1 << 33) - 1
"""Times have 33 bits at 90 kHz: they begin anew after 26.5 hours."""


class TransportStream:
    """One stream, from its beginning."""

    def __init__(self) -> None:
        self._counters = {_PAT: 0, _PMT: 0, PICTURE: 0, SOUND: 0}
        self._tables = _pat(), _pmt()

    def sound(self, at_ms: int, frames: list[bytes]) -> bytes:
        """The packets of raw frames of AAC-LC (48 kHz, mono), the first of which is heard at ``at_ms``."""
        pat, pmt = self._tables
        body = adts.pack(frames)
        head = _pes(_SOUND_ID, at_ms, len(body))
        return (
            self._packets(_PAT, pat)
            + self._packets(_PMT, pmt)
            + self._clock(at_ms)
            + self._packets(SOUND, head + body, key=True)
        )

    def picture(self, at_ms: int, annex_b: bytes, *, key: bool) -> bytes:
        """The packets of one picture, which is shown when it is decoded; ``key``: it stands alone."""
        body = _pes(_PICTURE_ID, at_ms, 0) + _DELIMITER + annex_b
        return self._packets(PICTURE, body, clock_ms=at_ms, key=key)

    def _clock(self, at_ms: int) -> bytes:
        """A packet that tells the time and nothing else; such ones are not counted (2.4.3.3)."""
        fields = bytes([0x10]) + _pcr(at_ms)
        fields += b"\xff" * (PACKET_BYTES - 5 - len(fields))
        return _head(PICTURE, start=False, form=0x20, counter=self._counters[PICTURE] - 1) + _long(fields)

    def _packets(self, pid: int, data: bytes, *, clock_ms: int | None = None, key: bool = False) -> bytes:
        out, at = bytearray(), 0
        while at < len(data):
            fields = b""
            if not at and (key or clock_ms is not None):
                fields = bytes([0x40 * key | 0x10 * (clock_ms is not None)])
                fields += b"" if clock_ms is None else _pcr(clock_ms)
            room = PACKET_BYTES - 4 - (1 + len(fields) if fields else 0)
            part = data[at : at + room]
            short = room - len(part)
            if short and fields:
                fields += b"\xff" * short
            elif short > 1:
                fields = b"\0" + b"\xff" * (short - 2)
            more = _long(fields) if fields or short else b""
            out += _head(pid, start=not at, form=0x30 if more else 0x10, counter=self._counters[pid])
            out += more + part
            self._counters[pid] += 1
            at += room
        return bytes(out)


def _head(pid: int, *, start: bool, form: int, counter: int) -> bytes:
    return bytes([0x47, 0x40 * start | pid >> 8, pid & 0xFF, form | counter & 0xF])


def _long(fields: bytes) -> bytes:
    return bytes([len(fields)]) + fields


def _pcr(at_ms: int) -> bytes:
    """The clock, of which the part below 90 kHz stays zero (2.4.3.5)."""
    return ((at_ms * 90 & _MASK) << 15 | 0x7E00).to_bytes(6)


def _pes(stream: int, at_ms: int, size: int) -> bytes:
    """A header with the time (2.4.3.6); of pictures the size may be left out, and is 0."""
    time = (at_ms + BEHIND_MS) * 90 & _MASK
    stamp = bytes([0x21 | time >> 29 & 0xE]) + ((time >> 14 & 0xFFFE) | 1).to_bytes(2)
    stamp += ((time << 1 & 0xFFFE) | 1).to_bytes(2)
    length = size + 3 + len(stamp) if size else 0
    return b"\0\0\1" + bytes([stream]) + length.to_bytes(2) + bytes([0x84, 0x80, len(stamp)]) + stamp


def _pat() -> bytes:
    """One programme, and where its table is (2.4.4.3)."""
    return _section(0, b"\0\1", _PROGRAM.to_bytes(2) + (0xE000 | _PMT).to_bytes(2))


def _pmt() -> bytes:
    """What belongs to the programme (2.4.4.8)."""
    streams = b"".join(
        bytes([kind]) + (0xE000 | pid).to_bytes(2) + b"\xf0\0" for kind, pid in ((_H264, PICTURE), (_AAC, SOUND))
    )
    return _section(2, _PROGRAM.to_bytes(2), (0xE000 | PICTURE).to_bytes(2) + b"\xf0\0" + streams)


def _section(table: int, number: bytes, body: bytes) -> bytes:
    """One table whole, with the byte before it that says where it begins."""
    rest = number + bytes([0xC1, 0, 0]) + body
    section = bytes([table]) + (0xB000 | len(rest) + 4).to_bytes(2) + rest
    return b"\0" + section + _crc(section).to_bytes(4)


def _crc(data: bytes) -> int:
    """Annex A: CRC-32 with the highest bit first."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value
