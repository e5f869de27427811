"""Event messages (``emsg`` boxes, ISO/IEC 23009-1, 5.10.3.3, version 1): the pulse inside the sound.

A listener who plays the sound already has the pulse; it asks nobody for it. One box stands before the ``moof`` of
the chunk it belongs to (CMAF, ISO/IEC 23000-19, 7.4.5).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.wire.box import Box, boxes, full_box

PULSE_SCHEME = "urn:stentor:pulse:2026"
_TIME_AT = 16
"""Offset in the box of the 64-bit presentation time: header 8, version and flags 4, timescale 4."""
_FIXED = struct.Struct(">IQII")


class Emsg(NamedTuple):
    """An event: times in units of ``timescale`` a second; ``message`` is the pulse's JSON document for our scheme."""

    scheme: str
    value: str
    timescale: int
    time: int
    duration: int
    id: int
    message: bytes


def emsg(pulse: bytes, *, decode_time: int, duration: int, id: int) -> bytes:  # noqa: A002 (the standard's name)
    """The box that carries ``pulse`` (JSON) from ``decode_time`` for ``duration`` (both in samples at 48 kHz).

    Events of one scheme with the same ``id`` (32 bits, e.g. the chunk's number) are the same event to a player.
    """
    fixed = _FIXED.pack(grid.SAMPLE_RATE_HZ, decode_time, duration, id & 0xFFFF_FFFF)
    return full_box(b"emsg", 1, 0, fixed, PULSE_SCHEME.encode() + b"\0", b"\0", pulse)


def parse(data: bytes | bytearray, found: Box) -> Emsg:
    """The event in the ``emsg`` box ``found`` of ``data``; raises :class:`Malformed`, also for version 0."""
    if found.end - found.body < 4 + _FIXED.size or data[found.body] != 1:
        raise Malformed("Not an emsg box of version 1.")
    timescale, time, duration, ident = _FIXED.unpack_from(data, found.body + 4)
    texts = bytes(data[found.body + 4 + _FIXED.size : found.end]).split(b"\0", 2)
    if len(texts) != 3:
        raise Malformed("An emsg box without the ends of its texts.")
    try:
        return Emsg(texts[0].decode(), texts[1].decode(), timescale, time, duration, ident, texts[2])
    except UnicodeDecodeError as error:
        raise Malformed("The scheme of an emsg box is not UTF-8.") from error


def pulses(data: bytes) -> Iterator[bytes]:
    """The pulses (JSON) in whole boxes, such as a segment's; raises :class:`Malformed`."""
    for found in boxes(data):
        if found.kind == b"emsg":
            event = parse(data, found)
            if event.scheme == PULSE_SCHEME:
                yield event.message


def replaced(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Whole boxes, such as a segment's, with other pulses; the sound stays as it is. Raises :class:`Malformed`."""
    parts = []
    for found in boxes(data):
        part = data[found.start : found.end]
        if found.kind == b"emsg":
            event = parse(data, found)
            if event.scheme == PULSE_SCHEME:
                part = emsg(change(event.message), decode_time=event.time, duration=event.duration, id=event.id)
        parts.append(part)
    return b"".join(parts)


def shift(data: bytearray, found: Box, by: int) -> None:
    """Move the event in the box ``found`` of ``data`` by ``by`` units, in place; one of version 1 only."""
    if data[found.body] != 1 or found.end - found.start < _TIME_AT + 8:
        raise Malformed("Not an emsg box of version 1.")
    (time,) = struct.unpack_from(">Q", data, found.start + _TIME_AT)
    struct.pack_into(">Q", data, found.start + _TIME_AT, max(0, time + by))
