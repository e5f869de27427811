"""Read fragmented MP4 as a stream: what a listener (and a test) gets back out of :mod:`stentor.wire.mp4`."""

from __future__ import annotations

import struct
from typing import NamedTuple

from stentor.base.errors import Malformed
from stentor.base.rendition import Codec
from stentor.wire import emsg as event
from stentor.wire.box import HEADER_BYTES, Box, boxes, find

MAX_BOX_BYTES = 4 * 1024 * 1024
"""A segment of 3.84 s has 32 kB; a hundred times as much is a mistake or an attack."""
MAX_SAMPLES = 65_536
"""Frames in one fragment; a segment has 192."""

# trun: which columns each sample has, in their order (ISO/IEC 14496-12, 8.8.8)
_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_COMPOSITION = 0x100, 0x200, 0x400, 0x800


class Fragment(NamedTuple):
    """One fragment: its number, when its first frame begins (samples at 48 kHz), its raw frames, and the last pulse
    (JSON) that stood before it, if any.
    """

    sequence: int
    decode_time: int
    frames: list[bytes]
    pulse: bytes | None


class Demuxer:
    """Bytes in, fragments out; keeps at most one box (4 MiB). ``codec`` is known once the ``moov`` has come."""

    def __init__(self) -> None:
        self.codec: Codec | None = None
        self._buffer = bytearray()
        self._moof: bytes | None = None
        self._pulse: bytes | None = None

    def feed(self, data: bytes) -> list[Fragment]:
        """The fragments that ``data`` completes; raises :class:`Malformed`, after which the stream is lost."""
        self._buffer += data
        fragments: list[Fragment] = []
        at = 0
        while len(self._buffer) - at >= HEADER_BYTES:
            size, kind = struct.unpack_from(">I4s", self._buffer, at)
            if not HEADER_BYTES <= size <= MAX_BOX_BYTES:
                raise Malformed(f"A box of {size} bytes in a live stream.")
            if len(self._buffer) - at < size:
                break
            found = self._box(kind, bytes(self._buffer[at : at + size]))
            if found is not None:
                fragments.append(found)
            at += size
        del self._buffer[:at]
        return fragments

    def _box(self, kind: bytes, data: bytes) -> Fragment | None:
        if kind == b"moov":
            self.codec = _codec(data)
        elif kind == b"emsg":
            found = event.parse(data, Box(kind, 0, HEADER_BYTES, len(data)))
            if found.scheme == event.PULSE_SCHEME:
                self._pulse = found.message
        elif kind == b"moof":
            self._moof = data
        elif kind == b"mdat" and self._moof is not None:
            sequence, decode_time, frames = _samples(self._moof, data)
            fragment = Fragment(sequence, decode_time, frames, self._pulse)
            self._moof = self._pulse = None
            return fragment
        return None


def _codec(moov: bytes) -> Codec:
    stsd = find(moov, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    if stsd is None or stsd.end - stsd.body < 16:
        raise Malformed("A moov without a sample description.")
    kind = moov[stsd.body + 12 : stsd.body + 16]
    if kind == b"mp4a":
        return Codec.AAC
    if kind == b"Opus":
        return Codec.OPUS
    raise Malformed("A track that is neither AAC nor Opus.")


def _samples(moof: bytes, mdat: bytes) -> tuple[int, int, list[bytes]]:
    mfhd, traf = find(moof, b"moof", b"mfhd"), find(moof, b"moof", b"traf")
    if mfhd is None or traf is None:
        raise Malformed("A moof without mfhd or traf.")
    inner = {found.kind: found for found in boxes(moof, traf.body, traf.end)}
    try:
        tfhd, tfdt, trun = inner[b"tfhd"], inner[b"tfdt"], inner[b"trun"]
        (sequence,) = struct.unpack_from(">I", moof, mfhd.body + 4)
        wide = moof[tfdt.body] == 1
        (decode_time,) = struct.unpack_from(">Q" if wide else ">I", moof, tfdt.body + 4)
        offset, sizes = _run(moof[trun.body : trun.end], _default_size(moof, tfhd))
    except (KeyError, IndexError, struct.error) as error:
        raise Malformed("A moof that lacks what every fragment has.") from error
    at = offset - len(moof)  # the offset counts from the moof; the mdat follows it
    if at < HEADER_BYTES or at + sum(sizes) > len(mdat):
        raise Malformed("Samples outside their mdat.")
    frames = []
    for size in sizes:
        frames.append(mdat[at : at + size])
        at += size
    return sequence, decode_time, frames


def _default_size(moof: bytes, tfhd: Box) -> int:
    flags, _track = struct.unpack_from(">II", moof, tfhd.body)
    if not flags & 0x10:
        return 0
    before = 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2) + 4 * bool(flags & 0x8)
    return int(struct.unpack_from(">I", moof, tfhd.body + 8 + before)[0])


def _run(trun: bytes, default_size: int) -> tuple[int, list[int]]:
    """Data offset and sample sizes of a ``trun`` body."""
    flags, count = struct.unpack_from(">II", trun)
    if not flags & 0x1 or not 0 < count <= MAX_SAMPLES:
        raise Malformed("A trun without data offset or with an absurd count.")
    (offset,) = struct.unpack_from(">i", trun, 8)
    at = 12 + 4 * bool(flags & 0x4)
    columns = [bit for bit in (_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_COMPOSITION) if flags & bit]
    if _TRUN_SIZE not in columns:
        return offset, [default_size] * count
    table = struct.unpack_from(f">{count * len(columns)}I", trun, at)
    return offset, list(table[columns.index(_TRUN_SIZE) :: len(columns)])
