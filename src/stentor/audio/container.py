"""What a sound file is, by its first bytes, and the part of it that holds sound: without tags, padding and junk.

Only what is recognised here reaches FFmpeg, and only the reader for just that: its formats that name other files or
addresses (playlists, ``ffconcat``, SDP …) are never looked for.
"""

from __future__ import annotations

import re
import struct
from typing import Final, Literal

import msgspec

from stentor.audio import mpeg
from stentor.wire import ogg

FIND_BYTES: Final = 256 * 1024
"""So far into a file its beginning is looked for; what is before it is padding or the remains of something else."""
PADDING_BYTES: Final = 2048
"""So many zeros at the end are no part of a frame."""
LEAST_JUNK_BYTES: Final = 64
"""So much behind a file is worth a word."""
MOST_BEFORE_BYTES: Final = 2048
"""So much before a file is the end of a frame that a recording began in, or the head of a form that was uploaded."""
MOST_LINKS: Final = 200
"""Streams or files one after the other in a file; a radio recording of an hour has 20."""
UNKNOWN_BYTES: Final = 0x7FFF_0000
"""Writers that cannot go back to the head of a WAV leave 0, this or more as its length."""

_MAGIC: Final = re.compile(
    rb"(?P<wav>(?:RIFF|RF64|RIFX|BW64).{4}WAVE)|(?P<flac>fLaC)|(?P<ogg>OggS\x00)|(?P<matroska>\x1a\x45\xdf\xa3)"
    rb"|(?P<aiff>FORM.{4}AIF[FC])|(?P<mov>.{4}(?:ftyp|moov|mdat|wide|skip|free)(?=.))|(?P<caf>caff\x00\x01)",
    re.DOTALL,
)
_BEGINNING: Final = re.compile(
    rb"(?:RIFF|RF64|RIFX|BW64).{4}WAVE[ -~]{4}|fLaC[\x00\x80]\x00\x00\x22|(?P<ogg>OggS\x00[\x02\x06])"
    rb"|FORM.{4}AIF[FC][ -~]{4}|\x1a\x45\xdf\xa3.{1,60}?(?:webm|matroska)|caff\x00\x01\x00\x00desc"
    rb"|\x00\x00\x00[\x08-\x80]ftyp[ -~]{4}|(?P<id3>ID3[\x02-\x04].[\x00-\xf0][\x00-\x7f]{4})",
    re.DOTALL,
)
"""What other files begin with; in a hundred gigabytes of anything else it is not found once."""
_CHUNK: Final = re.compile(rb"[ -~]{4}")
_TOP: Final = frozenset(
    b"ftyp moov mdat moof mfra sidx ssix styp emsg prft free skip wide uuid meta pnot udta "
    b"desc data chan pakt kuki strg midi umid ovvw mark regn inst info edct peak".split()
)
"""Outermost boxes of MP4 (and QuickTime) and chunks of CAF."""
_HEAD_BYTES: Final = 32
_ID3, _ID3_V1, _APE = b"ID3", b"TAG", b"APETAGEX"


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
        if not kind:
            break
        body = body[start:]
        least = _least(kind, body)
        rest = body[least : least + FIND_BYTES]
        # a file that was cut off says that it goes on, over the beginning of the next one
        surely = least if least and (_begins(rest) or not _is_junk(rest)) else _HEAD_BYTES
        end = _following(kind, body, min(surely, len(body)))
        pieces = _pieces(kind, body[:end], least)
        if start > MOST_BEFORE_BYTES and pieces:
            pieces[0] = msgspec.structs.replace(pieces[0], damaged=True)
        found += pieces
        data = body[end:]
    if data and len(found) >= MOST_LINKS:
        found[-1] = msgspec.structs.replace(found[-1], damaged=True)
    return found


def _begins(rest: bytes) -> bool:
    """Whether a file begins here, or a byte later: a chunk of odd length is filled up, by most."""
    return any(_BEGINNING.match(rest, at) or mpeg.kind_at(rest, at) for at in (0, 1))


def _least(kind: str, body: bytes) -> int:
    """Up to where ``body`` is the file at its beginning: to its end where it has a length, else past its head."""
    match kind:
        case "wav" | "aiff":
            order: Literal["big", "little"] = "big" if body[:4] in (b"RIFX", b"FORM") else "little"
            size = int.from_bytes(body[4:8], order)
            if body[:4] in (b"RF64", b"BW64") and size >= UNKNOWN_BYTES and body[12:16] == b"ds64":
                size = int.from_bytes(body[20:28], order)
            return 8 + size if _HEAD_BYTES <= 8 + size <= len(body) else _HEAD_BYTES
        case "mov" | "caf":
            return _boxes_end(kind, body)
        case "matroska":
            return _segment_end(body)
        case "mp3" | "aac":
            return mpeg.frames_end(kind, body)
    return _HEAD_BYTES


def _following(kind: str, body: bytes, at: int) -> int:
    """Where in ``body`` another file begins, ``at`` or later; its end where none does.

    What is looked for here is longer than the magic at a beginning: it must not be found by chance in 50 MB.
    """
    end = len(body)
    for begun in _BEGINNING.finditer(body, at):
        if _another(kind, body, begun):
            end = begun.start()
            break
    skipped = {"ogg": "", "mp3": "mp3", "aac": "aac"}.get(kind, "")
    return mpeg.find(body, at, end, skipped)


def _another(kind: str, body: bytes, begun: re.Match[bytes]) -> bool:
    """Whether a file of another kind begins, or one of a kind that is not read on over several files."""
    begins = begun.lastgroup
    if begins == "id3":
        behind = begun.start() + _id3_bytes(body, begun.start())
        after = mpeg.kind_at(body, behind)
        return bool(_MAGIC.match(body, behind)) or (after != "" and after != kind)
    if kind == "ogg":  # FLAC in Ogg has a FLAC head in its first page
        return begins != "ogg" and body[begun.start() - 9 : begun.start() - 4] != b"\x7fFLAC"
    return True


def _boxes_end(kind: str, body: bytes) -> int:
    """Where the boxes of an MP4 or the chunks of a CAF end; the beginning of one that is cut off."""
    at, least = (8, 12) if kind == "caf" else (0, 8)
    while at + least <= len(body):
        name = body[at : at + 4] if kind == "caf" else body[at + 4 : at + 8]
        if at and (name not in _TOP or name == b"ftyp"):
            return at
        size = 12 + int.from_bytes(body[at + 4 : at + 12]) if kind == "caf" else int.from_bytes(body[at : at + 4])
        if kind == "mov" and size == 1:
            size = int.from_bytes(body[at + 8 : at + 16])
        if not least <= size <= len(body) - at:
            return at if size else len(body)
        at += size
    return at


def _segment_end(body: bytes) -> int:
    """Where the one segment of a Matroska or WebM ends (RFC 8794, 4 and 5); 0 where it does not say, or is cut off."""
    at = 4
    for _ in range(2):
        first = body[at : at + 1] or b"\1"
        width = 9 - first[0].bit_length() if first[0] else 8
        size = int.from_bytes(body[at : at + width]) - (1 << 7 * width)
        at += width
        if size == (1 << 7 * width) - 1 or at + size > len(body):
            return 0
        if body[at + size : at + size + 4] != b"\x18\x53\x80\x67":
            return at + size
        at += size + 4
    return at


def _pieces(kind: str, body: bytes, least: int) -> list[Link]:
    """The piece of ``body``, a file of which nothing more is known than ``kind``, or those of an Ogg."""
    if kind in ("mp3", "aac", "flac") and body.endswith(bytes(PADDING_BYTES)):
        body = body.rstrip(b"\0") + bytes(2 if kind == "flac" else 0)  # its checksum may end in zeros
    match kind:
        case "ogg":
            return _ogg_links(body)
        case "wav":
            return [_wav(body, least)]
        case "mp3":
            return [Link("mp3", body, cut=mpeg.promised_frames(body) > mpeg.frame_count(body))]
        case "aac" | "aiff" | "caf" | "mov" | "matroska":
            return [Link(kind, body, damaged=least > 0 and _is_junk(body[least : least + FIND_BYTES]))]
    return [Link(kind, body)]


def _is_junk(rest: bytes) -> bool:
    """Whether what is behind a file is neither padding nor a tag nor a chunk of it."""
    return len(rest.strip(b"\0")) > LEAST_JUNK_BYTES and rest[4:8] not in _TOP and rest[:3].upper() != _ID3


def _kind(body: bytes) -> tuple[str, int]:
    """The format, and where it begins; "" for none that is read here."""
    if frames := mpeg.kind_at(body, 0):
        return frames, 0
    head = body[:FIND_BYTES]
    found = _MAGIC.search(head)
    # the magic of MP4 is four letters, which stand for something only at the very beginning
    while found and found.lastgroup == "mov" and found.start() and not _BEGINNING.match(head, found.start()):
        found = _MAGIC.search(head, found.end())
    last = found.start() if found else len(body)
    at = mpeg.find(body, 0, min(last, FIND_BYTES))
    if at < min(last, FIND_BYTES):
        return mpeg.kind_at(body, at), at
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
            start += min(_id3_bytes(data, start), end - start)
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


def _id3_bytes(data: bytes, at: int) -> int:
    flags, *size = data[at + 5 : at + 10]
    length = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))
    return length + (10 if flags & 0x10 else 0)


def _wav(body: bytes, least: int) -> Link:
    """A WAV whose head says how long its sound really is: as long as the file, where it says what cannot be."""
    position, form = 12, b""
    while position + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, position)
        begin = position + 8
        if body[:4] != b"RIFF":  # RF64 has the length elsewhere
            break
        end = begin + size + (size % 2 and not _CHUNK.match(body, begin + size))  # some do not fill up odd lengths
        if name == b"fmt ":
            form = body[position:end]
        if name != b"data" or not form:
            position = end
            continue
        cut = len(body) < begin + size and 0 < size < UNKNOWN_BYTES
        rest = body[end : end + FIND_BYTES]
        head = body[:12] + form + b"data"
        if _CHUNK.match(rest) or len(body) - end <= size or not any(rest):
            chunk = _CHUNK.match(rest) and 8 + int.from_bytes(rest[4:8], "little") <= len(body) - end
            more = rest.startswith(b"data") or (end >= least - 1 and _is_junk(rest) and not chunk)
            return Link("wav", head + struct.pack("<I", size) + body[begin:end], damaged=more, cut=cut)
        # what follows is no other chunk and longer than the sound: the length was never put right
        return Link("wav", head + b"\xff\xff\xff\xff" + body[begin:])
    return Link("wav", body)


def _ogg_links(body: bytes) -> list[Link]:
    """Each stream of streams that follow one another (RFC 3533, 4), of the pages whose checksum is right."""
    found: list[list[bytes]] = []
    damaged: set[int] = set()
    heads = cut = False
    position = 0
    while True:
        before = position
        position = body.find(b"OggS\0", before)
        if _is_junk(body[before : position if position >= 0 else before + FIND_BYTES]):
            damaged.add(max(len(found) - 1, 0))
        if position < 0:
            break
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
