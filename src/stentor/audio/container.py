"""What a sound file is, by its first bytes, and the part of it that holds sound: without tags, padding and junk.

Only what is recognised here reaches FFmpeg, and only the reader for just that: its formats that name other files or
addresses (playlists, ``ffconcat``, SDP …) are never looked for.
"""

from __future__ import annotations

import re
import struct
from typing import Final

import msgspec

from stentor.wire import ogg

FIND_BYTES: Final = 256 * 1024
"""So far into a file its beginning is looked for; what is before it is padding or the remains of something else."""
CHAIN_FRAMES: Final = 3
"""Frames of MPEG audio that must follow one another: two bytes that look like a beginning are nothing special."""
PADDING_BYTES: Final = 2048
"""So many zeros at the end are no part of a frame."""
MOST_LINKS: Final = 200
"""Streams or files one after the other in a file; a radio recording of an hour has 20."""
UNKNOWN_BYTES: Final = 0x7FFF_0000
"""Writers that cannot go back to the head of a WAV leave 0, this or more as its length."""

_MAGIC: Final = re.compile(
    rb"(?P<wav>(?:RIFF|RF64|RIFX|BW64).{4}WAVE)|(?P<flac>fLaC)|(?P<ogg>OggS\x00)|(?P<matroska>\x1a\x45\xdf\xa3)"
    rb"|(?P<aiff>FORM.{4}AIF[FC])|(?P<mov>.{4}(?:ftyp|moov|mdat|wide|skip|free)(?=.))|(?P<caf>caff\x00\x01)",
    re.DOTALL,
)
_ID3, _ID3_V1, _APE = b"ID3", b"TAG", b"APETAGEX"
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


class Link(msgspec.Struct, frozen=True):
    """A piece for one reader: FFmpeg's short name of the format, and the bytes."""

    format: str
    data: bytes
    damaged: bool = False
    """Whether something in it had to be left out already."""
    cut: bool = False
    """Whether it says itself that more should follow."""


def links(data: bytes) -> list[Link]:
    """The readable pieces of a file, in order: one, unless streams or whole files were joined; none when unknown."""
    found: list[Link] = []
    while data and len(found) < MOST_LINKS:
        body = _without_tags(data)
        kind, start = _kind(body)
        if found and start:
            break
        end = start + _length(kind, body[start:])
        found += _pieces(kind, body[start:end])
        data = body[end:]
    return found


def _length(kind: str, body: bytes) -> int:
    """Where the file at the beginning of ``body`` ends and another begins: all of it, where none is told or seen."""
    end = 0
    if kind == "wav" and body[:4] == b"RIFF":
        end = 8 + int.from_bytes(body[4:8], "little")
    elif kind == "aiff":
        end = 8 + int.from_bytes(body[4:8], "big")
    elif kind in ("mov", "caf"):
        end = _boxes_end(kind, body)
    for begin in (end, end + 1):  # a chunk of odd length is filled up, by most
        if 0 < begin < len(body) and (_MAGIC.match(body, begin) or _mpeg(body, begin)):
            return begin
    return len(body)


def _boxes_end(kind: str, body: bytes) -> int:
    """Where another file follows the boxes of an MP4 or the chunks of a CAF; 0 where one has no length."""
    at, least = (8, 12) if kind == "caf" else (0, 8)
    while at + least <= len(body):
        begun = _MAGIC.match(body, at)
        if at and (_mpeg(body, at) or (begun and (begun.lastgroup != "mov" or body[at + 4 : at + 8] == b"ftyp"))):
            break
        size = 12 + int.from_bytes(body[at + 4 : at + 12]) if kind == "caf" else int.from_bytes(body[at : at + 4])
        if kind == "mov" and size == 1:
            size = int.from_bytes(body[at + 8 : at + 16])
        if size < least:
            return 0
        at += size
    return at


def _pieces(kind: str, body: bytes) -> list[Link]:
    if kind in ("mp3", "aac") and body.endswith(bytes(PADDING_BYTES)):
        body = body.rstrip(b"\0")
    match kind:
        case "ogg":
            return _ogg_links(body)
        case "wav":
            return [_wav(body)]
        case "mp3":
            return [Link("mp3", body, cut=_promised_frames(body) > _frames(body))]
        case "":
            return []
    return [Link(kind, body)]


def _kind(body: bytes) -> tuple[str, int]:
    """The format, and where it begins; "" for none that is read here."""
    if frames := _mpeg(body, 0):
        return frames, 0
    head = body[:FIND_BYTES]
    found = _MAGIC.search(head)
    # what looks like MP4 is so only at the very beginning: its magic is four letters
    while found and found.lastgroup == "mov" and found.start() > 0:
        found = _MAGIC.search(head, found.end())
    last = found.start() if found else len(head)
    at = head.find(b"\xff")
    while 0 <= at < last:
        if frames := _mpeg(body, at):
            return frames, at
        at = head.find(b"\xff", at + 1)
    return (str(found.lastgroup), found.start()) if found else ("", 0)


def _without_tags(data: bytes) -> bytes:
    """``data`` without what programs put before and after the sound: ID3, APE, and padding with zeros."""
    start, end = 0, len(data)
    while True:
        if data[start : start + 1] == b"\0" and not _MAGIC.match(data, start):
            start = end - len(data[start:end].lstrip(b"\0"))
            if data[start + 1 : start + 5] == b"ftyp":  # its length begins with zeros
                start -= 3
        elif data[start : start + 3] == _ID3 and end - start >= 10:
            flags, *size = data[start + 5 : start + 10]
            length = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))
            start += min(length + (10 if flags & 0x10 else 0), end - start)
        elif data[start : start + 8] == _APE and end - start >= 32:
            start += min(32 + struct.unpack_from("<I", data, start + 12)[0], end - start)
        else:
            break
    if start == end:  # a tag with a wrong length: the beginning is looked for
        start = 0
    while end - start > 128:
        if data[end - 128 : end - 125] == _ID3_V1:
            end -= 128
        elif data[end - 32 : end - 24] == _APE:
            size, _, flags = struct.unpack_from("<III", data, end - 20)
            end -= min(size + (32 if flags >> 31 else 0), end - start)
        else:
            break
    return data[start:end]


def _mpeg(body: bytes, at: int) -> str:
    """``mp3`` or ``aac`` (ADTS) when frames of it follow one another from ``at``, "" otherwise."""
    for kind, size in (("mp3", _mpeg_frame), ("aac", _adts_frame)):
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


def _promised_frames(body: bytes) -> int:
    """How many frames the first one says will follow it (the Xing head of LAME and others); 0 when it says nothing."""
    at = max(body.find(b"Xing", 0, 64), body.find(b"Info", 0, 64))
    return struct.unpack_from(">I", body, at + 8)[0] if at > 0 and len(body) >= at + 12 and body[at + 7] & 1 else 0


def _frames(body: bytes) -> int:
    """Frames of MPEG audio that follow one another from the beginning, and about as many as fit behind a break."""
    position = count = 0
    while length := _mpeg_frame(body, position):
        position += length
        count += position <= len(body)
    left = len(body) - position
    return count + (left * count // position if position and left > 0 else 0)


def _wav(body: bytes) -> Link:
    """A WAV whose head says how long its sound really is: as long as the file, where it says what cannot be."""
    position = 12
    while position + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, position)
        begin = position + 8
        if name != b"data":
            position = begin + size + size % 2
            continue
        if body[:4] != b"RIFF":  # RF64 has the length elsewhere
            break
        end = begin + size + size % 2
        cut = len(body) < begin + size and 0 < size < UNKNOWN_BYTES
        another = re.match(rb"[ -~]{4}", body[end : end + 4])
        if another or len(body) - end <= size or not any(body[end : end + FIND_BYTES]):
            return Link("wav", body, cut=cut)
        # what follows is no other chunk and longer than the sound: the length was never put right
        return Link("wav", body[: position + 4] + b"\xff\xff\xff\xff" + body[begin:])
    return Link("wav", body)


def _ogg_links(body: bytes) -> list[Link]:
    """Each stream of streams that follow one another (RFC 3533, 4), of the pages whose checksum is right."""
    found: list[list[bytes]] = []
    damaged: set[int] = set()
    heads = cut = False
    position = 0
    while (position := body.find(b"OggS\0", position)) >= 0:
        page, state = _ogg_page(body, position)
        if state == "damaged":
            damaged.add(len(found) - 1)
        cut = state == "cut"
        if not page:
            position += 4
            continue
        first = bool(page[5] & 2)
        if (first and not heads) or not found:
            if len(found) == MOST_LINKS:
                break
            found.append([])
        heads = first
        found[-1].append(page)
        position += len(page)
    last = len(found) - 1
    return [
        Link("ogg", b"".join(pages), damaged=number in damaged, cut=cut and number == last)
        for number, pages in enumerate(found)
    ]


def _ogg_page(body: bytes, at: int) -> tuple[bytes, str]:
    """The page at ``at``, and whether it is ``whole``, ``damaged`` or ``cut``.

    A wrong checksum is put right where the page has its length: most packets in it are sound. Of a page that the file
    ends in there is what is there.
    """
    table = at + ogg.HEADER_BYTES
    if len(body) < table:
        return b"", "cut"
    sizes = body[table : table + body[table - 1]]
    size = ogg.HEADER_BYTES + body[table - 1] + sum(sizes)
    page = bytearray(body[at : at + size])
    check = struct.unpack_from("<I", page, 22)[0]
    page[22:26] = bytes(4)
    if len(page) == size and ogg.crc(page) == check:
        return body[at : at + size], "whole"
    if len(page) < size:
        page = _ogg_beginning(page, sizes)
    elif body[at + size : at + size + 4] not in (b"", b"OggS"):
        return b"", "damaged"
    if page:
        page[22:26] = struct.pack("<I", ogg.crc(page))
    return bytes(page), "cut" if at + size > len(body) else "damaged"


def _ogg_beginning(page: bytearray, sizes: bytes) -> bytearray:
    """The whole packets at the beginning of a page that is cut off, as the page before the last."""
    begin = ogg.HEADER_BYTES + len(sizes)
    kept = end = at = 0
    for number, size in enumerate(sizes, 1):
        at += size
        if begin + at <= len(page) and size < 255:
            kept, end = number, at
    out = page[: ogg.HEADER_BYTES] + sizes[:kept] + page[begin : begin + end]
    out[5] &= ~4
    out[26] = kept
    return out if kept else bytearray()
