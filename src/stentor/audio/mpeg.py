"""Frames of MPEG audio (MP1, MP2, MP3) and of AAC in ADTS, which follow one another without any head of a file."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from itertools import islice
from typing import Final

CHAIN_FRAMES: Final = 3
"""Frames that must follow one another: two bytes that look like a beginning are nothing special."""
SURE_FRAMES: Final = 6
"""The same in the midst of other sound, where three of them are found by chance."""
MOST_TRIED: Final = 1_000_000
"""Two seconds' worth of bytes that look like a frame; beyond them nothing is looked for."""
_SYNC: Final = re.compile(rb"\xff(?:[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]|[\xf0\xf1\xf8\xf9])")
# ISO/IEC 11172-3 and 13818-3: kbit/s by (MPEG-1, layer), from index 1; rates by the two bits of the version
_KBPS: Final = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def kind_at(body: bytes, at: int) -> str:
    """``mp3`` or ``aac`` (ADTS) when frames of it follow one another from ``at``, "" otherwise."""
    for kind, size in _SIZES.items():
        position = at
        for _ in range(CHAIN_FRAMES):
            length = size(body, position)
            if not length:
                break
            position += length
            if position >= len(body):  # the file is that short
                return kind
        else:
            return kind
    return ""


def find(body: bytes, start: int, end: int, but: str = "") -> int:
    """Where from ``start`` to before ``end`` frames begin, of a kind other than ``but``; ``end`` where none do."""
    for sync in islice(_SYNC.finditer(body, start, end), MOST_TRIED):
        at = sync.start()
        if any(kind != but and _is_chain(size, body, at, end) for kind, size in _SIZES.items()):
            return at
    return end


def _is_chain(size: Callable[[bytes, int], int], body: bytes, at: int, end: int) -> bool:
    """Whether frames of one version, layer and rate follow one another: many, or up to just the end."""
    first = (body[at + 1] & 0xFE, body[at + 2] & 0x0C) if at + 3 < end else None
    count = 0
    while count < SURE_FRAMES and at + 3 < end and (body[at + 1] & 0xFE, body[at + 2] & 0x0C) == first:
        length = size(body, at)
        if not length:
            return False
        at += length
        count += 1
    return count == SURE_FRAMES or (count >= CHAIN_FRAMES and at >= end)


def frames_end(kind: str, body: bytes) -> int:
    """Where the frames that follow one another from the beginning end."""
    at = 0
    while length := _SIZES[kind](body, at):
        at += length
    return min(at, len(body))


def _mpeg_frame(body: bytes, at: int) -> int:
    """Bytes of the frame of MPEG audio at ``at``; 0 where none is."""
    if len(body) < at + 4 or body[at] != 0xFF or body[at + 1] & 0xE0 != 0xE0:
        return 0
    version, layer = body[at + 1] >> 3 & 3, 4 - (body[at + 1] >> 1 & 3)
    rate_index, padded, rates = body[at + 2] >> 2 & 3, body[at + 2] >> 1 & 1, _RATES.get(version)
    kbps_index = body[at + 2] >> 4
    if layer == 4 or rates is None or rate_index == 3 or not 0 < kbps_index < 15:
        return 0
    bps = _KBPS[version == 3, layer][kbps_index - 1] * 1000
    if layer == 1:
        return (12 * bps // rates[rate_index] + padded) * 4
    return (72 if layer == 3 and version != 3 else 144) * bps // rates[rate_index] + padded


def _adts_frame(body: bytes, at: int) -> int:
    """Bytes of the ADTS frame at ``at`` (ISO/IEC 14496-3, 1.A.3.2); 0 where none is."""
    if len(body) < at + 7 or body[at] != 0xFF or body[at + 1] & 0xF6 != 0xF0 or body[at + 2] >> 2 & 15 > 12:
        return 0
    length = (body[at + 3] & 3) << 11 | body[at + 4] << 3 | body[at + 5] >> 5
    return length if length > 7 else 0


def promised_frames(body: bytes) -> int:
    """How many frames the first one says will follow it (the Xing head of LAME and others); 0 when it says nothing."""
    at = max(body.find(b"Xing", 0, 64), body.find(b"Info", 0, 64))
    return struct.unpack_from(">I", body, at + 8)[0] if at > 0 and len(body) >= at + 12 and body[at + 7] & 1 else 0


def frame_count(body: bytes) -> int:
    """Frames of MPEG audio that follow one another from the beginning, and about as many as fit behind a break."""
    position = count = 0
    while length := _mpeg_frame(body, position):
        position += length
        count += position <= len(body)
    left = len(body) - position
    return count + (left * count // position if position and left > 0 else 0)


_SIZES: Final[dict[str, Callable[[bytes, int], int]]] = {"mp3": _mpeg_frame, "aac": _adts_frame}
