"""A whole MP4 of one sound, as podcast players want it: one index in front, chapters, title, people, cover.

The file is nowhere whole: :func:`head` makes what stands before the frames, which follow piece by piece. Chapters are
in it twice: as a track of text (QuickTime File Format, "Chapter lists": Apple's players) and as Nero's ``chpl`` (most
others). ISO/IEC 14496-12 (boxes); the box of tags is Apple's ``ilst``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.rendition import Rendition
from stentor.wire import mp4
from stentor.wire.box import HEADER_BYTES, box, full_box

MOST_BYTES: Final = 0xFFFF_FFFF
"""Places in the file have 32 bits: a hundred hours."""
MOST_NERO: Final = 255
"""Chapters that ``chpl`` can count."""
MOST_TITLE_BYTES: Final = 255
_SOUND, _TEXT = 1, 2
_MATRIX = struct.pack(">9I", 0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000)
_UNDETERMINED: Final = 0x55C4
_TEXT_MS: Final = 1000
"""Ticks of the text's clock in a second."""
_UTF8: Final = struct.pack(">I4sI", 12, b"encd", 0x100)
# 3GPP TS 26.245, 5.16, and a font table of one font: players that show the text want to know how
_TEXT_ENTRY: Final = b"".join(
    (
        bytes.fromhex("00000001 0000 00000000 0000000000000000 00000000 0001 0000 00000000"),
        box(b"ftab", bytes.fromhex("0001 0001 00")),
    )
)


class Chapter(NamedTuple):
    """It begins ``start_ms`` after the beginning."""

    start_ms: int
    title: str


class Tags(NamedTuple):
    """What players show of a file; what is empty is left out."""

    title: str = ""
    people: str = ""
    date: str = ""
    """As ``2026-11-30``."""
    comment: str = ""
    site: str = ""
    cover: bytes = b""
    """A JPEG."""


def head(
    rendition: Rendition,
    pieces: Sequence[bytes],
    *,
    samples: int,
    skip: int,
    chapters: Sequence[Chapter] = (),
    tags: Tags = Tags(),  # noqa: B008 (immutable)
) -> bytes:
    """Everything before the first frame.

    ``pieces`` has for each piece the sizes of its frames, 16 bits each, big-endian; all but the last have as many.
    ``skip`` samples come out of a decoder before the first one that is meant to be heard, ``samples`` are heard.
    Raises :class:`Malformed` for more than a file of this kind holds.
    """
    sizes = b"".join(pieces)
    texts = [_text(chapter.title) for chapter in chapters]
    words = b"".join(texts)
    counts = [len(piece) // 2 for piece in pieces]
    lengths = [sum(struct.unpack(f">{count}H", piece)) for count, piece in zip(counts, pieces, strict=True)]
    ftyp = box(b"ftyp", b"M4A ", bytes(4), b"M4A ", b"mp42", b"isom")

    def moov(at: int) -> bytes:
        offsets = [at + len(words) + sum_ for sum_ in _sums(lengths)]
        sound = _sound(rendition, counts, sizes, offsets, samples=samples, skip=skip, named=bool(chapters))
        text = _chapter_track(chapters, texts, at, samples) if chapters else b""
        mvhd = full_box(
            b"mvhd", 1, 0, struct.pack(">QQIQ", 0, 0, grid.SAMPLE_RATE_HZ, samples),
            struct.pack(">IH10x", 0x1_0000, 0x0100), _MATRIX, bytes(24), struct.pack(">I", 1 + _TEXT),
        )  # fmt: skip
        return box(b"moov", mvhd, sound, text, box(b"udta", _tags(tags), _nero(chapters)))

    begins = len(ftyp) + len(moov(0)) + HEADER_BYTES
    body = len(words) + sum(lengths)
    if begins + body > MOST_BYTES:
        raise Malformed(f"A file of {begins + body} bytes does not fit into one of this kind.")
    return b"".join((ftyp, moov(begins), struct.pack(">I4s", HEADER_BYTES + body, b"mdat"), words))


def _sums(lengths: Sequence[int]) -> list[int]:
    """Where each piece begins."""
    starts, at = [], 0
    for length in lengths:
        starts.append(at)
        at += length
    return starts


def _sound(
    rendition: Rendition,
    counts: Sequence[int],
    sizes: bytes,
    offsets: Sequence[int],
    *,
    samples: int,
    skip: int,
    named: bool,
) -> bytes:
    frames = len(sizes) // 2
    media = frames * rendition.frame_samples
    runs = [(1, counts[0])] if counts else []
    if len(counts) > 1 and counts[-1] != counts[0]:
        runs.append((len(counts), counts[-1]))
    stbl = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), mp4.sample_entry(rendition)),
        full_box(b"stts", 0, 0, struct.pack(">3I", 1, frames, rendition.frame_samples)),
        full_box(b"stsc", 0, 0, struct.pack(">I", len(runs)), *(struct.pack(">3I", *run, 1) for run in runs)),
        full_box(b"stsz", 0, 0, struct.pack(">2I", 0, frames), struct.pack(f">{frames}I", *_numbers(sizes))),
        full_box(b"stco", 0, 0, struct.pack(">I", len(offsets)), struct.pack(f">{len(offsets)}I", *offsets)),
    )
    edit = full_box(b"elst", 1, 0, struct.pack(">IQqHH", 1, samples, skip, 1, 0))
    chapters = [box(b"tref", box(b"chap", struct.pack(">I", _TEXT)))] if named else []
    minf = box(b"minf", full_box(b"smhd", 0, 0, bytes(4)), _dinf(), stbl)
    return box(
        b"trak",
        _tkhd(_SOUND, 0b111, samples, volume=0x0100),
        box(b"edts", edit),
        *chapters,
        box(b"mdia", _mdhd(grid.SAMPLE_RATE_HZ, media), _hdlr(b"soun", b"Stentor\0"), minf),
    )


def _chapter_track(chapters: Sequence[Chapter], texts: Sequence[bytes], at: int, samples: int) -> bytes:
    """Not enabled: no player shows it by itself."""
    length_ms = samples * _TEXT_MS // grid.SAMPLE_RATE_HZ
    borders = [*(chapter.start_ms for chapter in chapters), max(length_ms, chapters[-1].start_ms + 1)]
    durations = [after - before for before, after in pairwise(borders)]
    stbl = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), box(b"text", struct.pack(">6xH", 1), _TEXT_ENTRY)),
        full_box(
            b"stts", 0, 0, struct.pack(">I", len(durations)), *(struct.pack(">2I", 1, each) for each in durations)
        ),
        full_box(b"stsc", 0, 0, struct.pack(">4I", 1, 1, len(texts), 1)),
        full_box(b"stsz", 0, 0, struct.pack(">2I", 0, len(texts)), struct.pack(f">{len(texts)}I", *map(len, texts))),
        full_box(b"stco", 0, 0, struct.pack(">2I", 1, at)),
    )
    gmin = full_box(b"gmin", 0, 0, struct.pack(">4H2H", 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    shown = box(b"text", struct.pack(">H8IH", 1, 0, 0, 0, 1, 0, 0, 0, 0x4000, 0))
    minf = box(b"minf", box(b"gmhd", gmin, shown), _dinf(), stbl)
    # an empty edit first where the first chapter begins later
    edits = [(chapters[0].start_ms * grid.SAMPLE_RATE_HZ // _TEXT_MS, -1)] if chapters[0].start_ms else []
    edits.append((samples - sum(length for length, _ in edits), 0))
    elst = full_box(
        b"elst", 1, 0, struct.pack(">I", len(edits)), *(struct.pack(">QqHH", *edit, 1, 0) for edit in edits)
    )
    return box(
        b"trak",
        _tkhd(_TEXT, 0b010, samples, volume=0),
        box(b"edts", elst),
        box(b"mdia", _mdhd(_TEXT_MS, sum(durations)), _hdlr(b"text", b"Chapters\0"), minf),
    )


def _tkhd(track: int, flags: int, samples: int, *, volume: int) -> bytes:
    times = struct.pack(">QQI4xQ8x", 0, 0, track, samples)
    return full_box(b"tkhd", 1, flags, times, struct.pack(">4H", 0, 0, volume, 0), _MATRIX, bytes(8))


def _mdhd(rate: int, length: int) -> bytes:
    return full_box(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, rate, length, _UNDETERMINED, 0))


def _hdlr(kind: bytes, name: bytes) -> bytes:
    return full_box(b"hdlr", 0, 0, bytes(4), kind, bytes(12), name)


def _dinf() -> bytes:
    return box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))


def _numbers(sizes: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(sizes) // 2}H", sizes)


def _text(title: str) -> bytes:
    words = _cut(title)
    return struct.pack(">H", len(words)) + words + _UTF8


def _cut(title: str) -> bytes:
    """As many letters as fit."""
    return title.encode()[:MOST_TITLE_BYTES].decode(errors="ignore").encode()


def _nero(chapters: Sequence[Chapter]) -> bytes:
    if not chapters:
        return b""
    some = chapters[:MOST_NERO]
    entries = [
        struct.pack(">QB", chapter.start_ms * 10_000, len(words)) + words
        for chapter, words in ((chapter, _cut(chapter.title)) for chapter in some)
    ]
    return full_box(b"chpl", 1, 0, bytes(4), bytes([len(some)]), *entries)


def _tags(tags: Tags) -> bytes:
    """Apple's box of tags, as every player reads it."""
    texts = {
        b"\xa9nam": tags.title,
        b"\xa9ART": tags.people,
        b"\xa9alb": tags.site,
        b"\xa9day": tags.date,
        b"\xa9cmt": tags.comment,
        b"\xa9too": "Stentor",
    }
    items = [box(kind, _value(1, text.encode())) for kind, text in texts.items() if text]
    if tags.cover:
        items.append(box(b"covr", _value(13, tags.cover)))
    return full_box(b"meta", 0, 0, full_box(b"hdlr", 0, 0, bytes(4), b"mdir", b"appl", bytes(9)), box(b"ilst", *items))


def _value(kind: int, data: bytes) -> bytes:
    return box(b"data", struct.pack(">II", kind, 0), data)
