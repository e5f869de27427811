"""Fragmented MP4 as CMAF has it: what plays in a page with the pulse inside, and what recordings are made of.

An *init* (``ftyp`` and ``moov``, no samples), then *fragments* (``moof`` and ``mdat``; before them, if wanted, ``styp``
and the pulse in an ``emsg``). All times are samples at 48 kHz since the doors opened, so any process writes the same
bytes for a chunk. ISO/IEC 14496-12 (boxes), 14496-14 (AAC), 23000-19 (CMAF), and "Encapsulation of Opus in ISO Base
Media File Format" 0.6.8.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.rendition import RENDITIONS, Codec, Rendition
from stentor.wire import emsg as event
from stentor.wire.box import box, boxes, full_box
from stentor.wire.demux import Demuxer, Fragment
from stentor.wire.emsg import PULSE_SCHEME, emsg

__all__ = [
    "AAC_CONFIG",
    "CODECS",
    "OPUS_PRE_SKIP",
    "PULSE_SCHEME",
    "Demuxer",
    "Fragment",
    "boxes",
    "emsg",
    "fragment",
    "init",
    "retime",
    "sidx",
]

CODECS = {r.name: "mp4a.40.2" if r.codec is Codec.AAC else "opus" for r in RENDITIONS}
"""Rendition name → RFC 6381 codecs string, as MSE and playlists want it (Safari's MSE also wants ``Opus``)."""
AAC_CONFIG = bytes([0x11, 0x88])
"""AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): AAC-LC, 48 kHz, mono."""
OPUS_PRE_SKIP = 312
"""Samples at 48 kHz that libopus adds before the first one (look-ahead 6.5 ms)."""
MAX_SIDX_REFERENCES = 0xFFFF
"""The count has 16 bits; 65,535 segments of 3.84 s are almost three days."""

_TRACK_ID = 1
_SYNC_SAMPLE = 0x0200_0000
"""Sample flags: depends on no other, is a sync sample. Every frame of both codecs is one."""
_MATRIX = struct.pack(">9I", 0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000)
_UNDETERMINED = 0x55C4  # language "und", ISO 639-2 in three times 5 bits

# moof header 8, mfhd 16, traf header 8, tfhd 24: the tfdt of our own fragments begins here.
_TFDT_AT = 56


def init(rendition: Rendition, *, duration_s: float | None = None) -> bytes:
    """The initialisation segment of a rendition: the same bytes for every listener.

    ``duration_s`` goes into ``mehd`` when the whole is known (a recording), so that players show a length. No edit
    list: a joiner starts anywhere, and a chunk is exactly where its decode time says.
    """
    brands = (b"iso6", b"cmfc", b"mp41") + ((b"caac",) if rendition.codec is Codec.AAC else ())
    ftyp = box(b"ftyp", b"iso6", bytes(4), *brands)
    mvhd = full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">4I", 0, 0, grid.SAMPLE_RATE_HZ, 0),
        struct.pack(">IH10x", 0x1_0000, 0x0100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", _TRACK_ID + 1),
    )
    trex = full_box(b"trex", 0, 0, struct.pack(">5I", _TRACK_ID, 1, rendition.frame_samples, 0, _SYNC_SAMPLE))
    mehd = b""
    if duration_s is not None:
        mehd = full_box(b"mehd", 1, 0, struct.pack(">Q", round(duration_s * grid.SAMPLE_RATE_HZ)))
    return ftyp + box(b"moov", mvhd, _track(rendition), box(b"mvex", mehd, trex))


def fragment(
    rendition: Rendition,
    *,
    sequence: int,
    decode_time: int,
    frames: Sequence[bytes],
    emsg: bytes = b"",
    styp: bool = False,
) -> bytes:
    """One CMAF chunk of whole frames that begins at ``decode_time`` (samples).

    ``sequence`` is the number in ``mfhd`` (32 bits, rising). ``emsg`` is put before the ``moof`` as it is; ``styp``
    begins a segment that is a file of its own. Raises :class:`Malformed` when there is no frame.
    """
    if not frames:
        raise Malformed("A fragment has at least one frame.")
    sizes = struct.pack(f">{len(frames)}I", *map(len, frames))
    # data offset (0x1) and a size for each sample (0x200); duration and flags are the same for all, in tfhd
    trun_bytes = 20 + len(sizes)
    moof_bytes = _TFDT_AT + 20 + trun_bytes
    moof = box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", sequence & 0xFFFF_FFFF)),
        box(
            b"traf",
            # default-base-is-moof, default sample duration, default sample flags
            full_box(b"tfhd", 0, 0x02_0028, struct.pack(">3I", _TRACK_ID, rendition.frame_samples, _SYNC_SAMPLE)),
            full_box(b"tfdt", 1, 0, struct.pack(">Q", decode_time)),
            full_box(b"trun", 0, 0x201, struct.pack(">2I", len(frames), moof_bytes + 8), sizes),
        ),
    )
    head = box(b"styp", b"msdh", bytes(4), b"msdh", b"msix", b"cmfs") if styp else b""
    return b"".join((head, emsg, moof, box(b"mdat", *frames)))


def sidx(sizes: Sequence[int], durations: Sequence[int], *, decode_time: int = 0) -> bytes:
    """The index of a file that goes on with segments of ``sizes`` bytes and ``durations`` samples.

    With it (and ``mehd``) a virtual file of many segments has a length and is seekable by range requests. The first
    segment must follow the box immediately; it begins at ``decode_time``. Raises :class:`Malformed` when there are
    more than 65,535 segments or one of them does not fit its field.
    """
    if len(sizes) != len(durations):
        raise Malformed("A sidx needs as many sizes as durations.")
    if len(sizes) > MAX_SIDX_REFERENCES:
        raise Malformed(f"A sidx holds {MAX_SIDX_REFERENCES} segments, not {len(sizes)}.")
    if any(not 0 < size < 1 << 31 for size in sizes) or any(not 0 <= d < 1 << 32 for d in durations):
        raise Malformed("A segment's size or duration does not fit in a sidx.")
    starts_with_sap = 1 << 31 | 1 << 28  # type 1: every segment can be decoded from its first sample
    references = [struct.pack(">3I", size, d, starts_with_sap) for size, d in zip(sizes, durations, strict=True)]
    fixed = struct.pack(">IIQQHH", _TRACK_ID, grid.SAMPLE_RATE_HZ, decode_time, 0, 0, len(references))
    return full_box(b"sidx", 1, 0, fixed, *references)


def retime(data: bytes, decode_time: int) -> bytes:
    """The fragments in ``data`` (made by :func:`fragment`) moved so that the first begins at ``decode_time``.

    Events move with them. Once a group of joiners, never once a listener. Raises :class:`Malformed` for anything
    :func:`fragment` did not write.
    """
    out = bytearray(data)
    found = list(boxes(out))
    moofs = [moof for moof in found if moof.kind == b"moof"]
    if not moofs:
        raise Malformed("No fragment to move.")
    for moof in moofs:
        if out[moof.start + _TFDT_AT + 4 : moof.start + _TFDT_AT + 9] != b"tfdt\x01":
            raise Malformed("A fragment that was not made here.")
    (first,) = struct.unpack_from(">Q", out, moofs[0].start + _TFDT_AT + 12)
    by = decode_time - first
    for moof in moofs:
        at = moof.start + _TFDT_AT + 12
        struct.pack_into(">Q", out, at, max(0, struct.unpack_from(">Q", out, at)[0] + by))
    for inner in found:
        if inner.kind == b"emsg":
            event.shift(out, inner, by)
    return bytes(out)


def _track(rendition: Rendition) -> bytes:
    tkhd = full_box(
        b"tkhd",
        0,
        0b111,  # enabled, in the movie, in its preview
        struct.pack(">5I8x", 0, 0, _TRACK_ID, 0, 0),
        struct.pack(">4H", 0, 0, 0x0100, 0),
        _MATRIX,
        bytes(8),
    )
    mdhd = full_box(b"mdhd", 0, 0, struct.pack(">4IHH", 0, 0, grid.SAMPLE_RATE_HZ, 0, _UNDETERMINED, 0))
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(12), b"Stentor\0")
    in_this_file = full_box(b"url ", 0, 1)
    stbl = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), sample_entry(rendition)),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), in_this_file))
    minf = box(b"minf", full_box(b"smhd", 0, 0, bytes(4)), dinf, stbl)
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, minf))


def sample_entry(rendition: Rendition) -> bytes:
    """How the frames of a rendition are to be decoded (ISO/IEC 14496-12, 8.5.2)."""
    common = struct.pack(">6xH8xHHHHI", 1, 1, 16, 0, 0, grid.SAMPLE_RATE_HZ << 16)
    if rendition.codec is Codec.OPUS:
        # version, channels, pre-skip, input sample rate, gain, mapping family
        dops = box(b"dOps", struct.pack(">BBHIhB", 0, 1, OPUS_PRE_SKIP, grid.SAMPLE_RATE_HZ, 0, 0))
        return box(b"Opus", common, dops)
    decoder = _descriptor(
        0x04,
        # AAC (0x40), audio stream, buffer 768 bytes (the most an LC frame of one channel has), peak and mean rate
        struct.pack(">BB", 0x40, 0x15) + (768).to_bytes(3) + struct.pack(">II", 288_000, rendition.bitrate_bps),
        _descriptor(0x05, AAC_CONFIG),
    )
    # ISO/IEC 14496-14, 3.1.2: "ES_ID is set to 0" in stored files
    es = _descriptor(0x03, bytes(3), decoder, _descriptor(0x06, b"\x02"))
    return box(b"mp4a", common, full_box(b"esds", 0, 0, es))


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((tag, len(body))) + body
