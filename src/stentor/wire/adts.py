"""ADTS: AAC frames that describe themselves, for players that take a plain ``.aac`` stream (ISO/IEC 13818-7, 6.2).

Only what Stentor sends: AAC-LC, 48 kHz, mono, one raw block a frame, no CRC. Each frame gets a header of 7 bytes; a
listener may join at any frame.
"""

from __future__ import annotations

from collections.abc import Iterable

from stentor.base.errors import Malformed

HEADER_BYTES = 7
MAX_FRAME_BYTES = 8191
"""The header has 13 bits for the length of a frame, header included."""

# syncword 0xFFF, MPEG-4, layer 0, no CRC | profile LC (1), 48 kHz (index 3), mono (1), the rest zero
_FIXED = bytes([0xFF, 0xF1, 0b01_0011_00, 0b01_000000])
# What must be the same in every frame we accept: all but the MPEG-2 bit, the private and copyright bits, the length.
_FIXED_MASK = 0xFFF7_FDC0
_FIXED_VALUE = int.from_bytes(_FIXED) & _FIXED_MASK
_VBR_FULLNESS = 0x1F
"""Upper 5 bits of the buffer fullness 0x7FF, "variable rate"."""


def pack(frames: Iterable[bytes]) -> bytes:
    """The raw AAC frames with an ADTS header before each, joined; raises :class:`Malformed` for one over 8184 bytes."""
    out = bytearray()
    for frame in frames:
        length = len(frame) + HEADER_BYTES
        if length > MAX_FRAME_BYTES:
            raise Malformed(f"An AAC frame of {len(frame)} bytes does not fit in ADTS.")
        out += _FIXED[:3]
        out += bytes(
            (_FIXED[3] | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | _VBR_FULLNESS, 0xFC)  # one raw block
        )
        out += frame
    return bytes(out)


def split(buffer: bytearray) -> list[bytes]:
    """Take every whole frame off the front of ``buffer`` (changed in place) and return them without headers.

    What remains in the buffer is the beginning of one frame, under 8191 bytes. Raises :class:`Malformed` when the
    buffer does not continue with a frame of the kind :func:`pack` makes; the buffer is then left as it was.
    """
    frames: list[bytes] = []
    at = 0
    while len(buffer) - at >= HEADER_BYTES:
        if not _is_header(buffer, at):
            raise Malformed(f"No ADTS header of 48 kHz mono AAC-LC at byte {at}.")
        length = (buffer[at + 3] & 3) << 11 | buffer[at + 4] << 3 | buffer[at + 5] >> 5
        if length <= HEADER_BYTES:
            raise Malformed(f"An ADTS frame of {length} bytes is empty.")
        if len(buffer) - at < length:
            break
        frames.append(bytes(buffer[at + HEADER_BYTES : at + length]))
        at += length
    del buffer[:at]
    return frames


def unpack(data: bytes) -> list[bytes]:
    """The raw frames of ``data``, which holds whole ADTS frames only; raises :class:`Malformed` otherwise."""
    buffer = bytearray(data)
    frames = split(buffer)
    if buffer:
        raise Malformed(f"{len(buffer)} bytes after the last whole ADTS frame.")
    return frames


def _is_header(buffer: bytearray, at: int) -> bool:
    one_block = buffer[at + 6] & 3 == 0
    return one_block and int.from_bytes(buffer[at : at + 4]) & _FIXED_MASK == _FIXED_VALUE
