"""Reads an archive of somebody, in a process that can do nothing else: ``python -m stentor.house.imports.reader``.

``pack``: an archive (ZIP, tar, tar.gz, or ``outbox.json`` alone) is standard input, a ZIP of what is wanted of it goes
out by a pipe: ``outbox.json`` and pictures, uncompressed, under their own names, which nobody takes for paths.
``posts``: standard input is such a ZIP, one line of JSON a post goes out, the oldest first; the first line says what is
left out. A refusal is a word on standard error: its code.
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, Final, cast

import msgspec

from stentor.base.confine import confine
from stentor.base.errors import Malformed
from stentor.fediverse import archive
from stentor.house.media.service import MOST_BYTES as MOST_OF_PICTURE

MEMORY_BYTES: Final = 1536 * 1024 * 1024
"""``outbox.json`` three times over."""
TIME_S: Final = 900
MOST_MEMBERS: Final = 300_000
MOST_UNPACKED_BYTES: Final = 8 * 1024**3
PICTURES_GROW, PICTURES_MORE_BYTES = 4, 64 * 1024 * 1024
"""Pictures are compressed already: so many times larger than the archive they may be together, and so much more. What
grows more was made to fill a disk."""
OUTBOX: Final = "outbox.json"
BAD, TOO_LARGE, NO_OUTBOX = "bad-archive", "archive-too-large", "archive-no-outbox"
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")
_BROKEN: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
    OverflowError, LookupError, RecursionError, UnicodeError,
)  # fmt: skip
"""What the library says to a file that is broken, encrypted, or only looks like one."""


class ImportedLess(msgspec.Struct, frozen=True):
    """The first line: what does not come along."""

    boosts: int
    letters: int
    broken: int
    media: int
    """Films, sounds, and pictures that the archive does not have."""


class Refused(Exception):
    """With its code."""


def main(mode: str, now_ms: str = "0") -> None:
    """Does one of both; ends with 1 after a refusal."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    _load()
    confine(memory_bytes=MEMORY_BYTES, time_s=TIME_S)
    try:
        if mode == "pack":
            pack(source, out)
        else:
            posts(source, out, int(now_ms))
        out.flush()
    except Refused as refusal:
        _refuse(str(refusal))
    except MemoryError:
        _refuse(TOO_LARGE)
    except (*_BROKEN, Malformed):
        _refuse(BAD)


def _refuse(code: str) -> None:
    sys.stderr.write(code)
    sys.stderr.flush()
    raise SystemExit(1)


def pack(source: BinaryIO, out: IO[bytes]) -> None:
    """Copies what is wanted. Raises :class:`Refused`."""
    found, written, names = b"", 0, set[str]()
    most = min(MOST_UNPACKED_BYTES, PICTURES_GROW * source.seek(0, 2) + PICTURES_MORE_BYTES)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, size, stream in _members(source):
            if name.rpartition("/")[2] == OUTBOX and name.count("/") <= 1 and not found:
                found = _read(stream, archive.MOST_BYTES)
            elif name.lower().endswith(_PICTURES) and size <= MOST_OF_PICTURE and name not in names:
                data = _read(stream, MOST_OF_PICTURE)
                written += len(data)
                if written > most:
                    raise Refused(TOO_LARGE)
                names.add(name)
                made.writestr(zipfile.ZipInfo(name), data)
        if not found:
            raise Refused(NO_OUTBOX)
        made.writestr(zipfile.ZipInfo(OUTBOX), found)


def posts(source: BinaryIO, out: IO[bytes], now_ms: int) -> None:
    """Writes the posts. Raises :class:`Malformed`."""
    with zipfile.ZipFile(source) as packed:
        ends = {name.rpartition("/")[2]: list[str]() for name in packed.namelist()}
        for name in packed.namelist():
            ends[name.rpartition("/")[2]].append(name)
        found = archive.outbox(packed.read(OUTBOX), now_ms)
    lines, missing = list[bytes](), 0
    for post in found.posts:
        there = [
            msgspec.structs.replace(each, name=member)
            for each in post.files
            if (member := archive.file_of(each.name, ends.get(each.name.rpartition("/")[2], ())))
        ]
        missing += len(post.files) - len(there) + post.left_out
        if post.text or there:
            lines.append(msgspec.json.encode(msgspec.structs.replace(post, files=tuple(there))))
    left_out = ImportedLess(found.boosts, found.letters, found.broken, missing)
    out.write(b"\n".join([msgspec.json.encode(left_out), *lines]) + b"\n")


def _members(source: BinaryIO) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size as it is said, and contents of all files of an archive."""
    source.seek(0)
    head = source.read(512)
    source.seek(0)
    if head.lstrip()[:1] == b"{":
        yield OUTBOX, 0, source
    elif head[:2] == b"PK":
        with zipfile.ZipFile(source) as found:
            if len(found.infolist()) > MOST_MEMBERS:
                raise Refused(TOO_LARGE)
            for each in found.infolist():
                if not each.is_dir() and each.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    with found.open(each) as stream:
                        yield each.filename, each.file_size, stream
    else:
        mode = "r|gz" if head[:2] == b"\x1f\x8b" else "r|"
        with tarfile.open(fileobj=source, mode=mode) as tar:  # type: ignore[call-overload]
            for count, member in enumerate(cast("Iterator[tarfile.TarInfo]", tar)):
                if count > MOST_MEMBERS or tar.offset > MOST_UNPACKED_BYTES:
                    raise Refused(TOO_LARGE)
                content = tar.extractfile(member) if member.isreg() else None
                if content is not None:
                    yield member.name.removeprefix("./"), member.size, content


def _read(stream: IO[bytes], most: int) -> bytes:
    """Whatever sizes are said: no more is read than may be. Raises :class:`Refused`."""
    data = stream.read(most + 1)
    if len(data) > most:
        raise Refused(TOO_LARGE)
    return data


def _load() -> None:
    """Makes Python load what it loads at the first use only."""
    for codec in ("cp437", "utf-8", "ascii"):
        "a".encode(codec)
    archive.outbox(
        b'{"orderedItems":[{"type":"Create","object":{"type":"Note","id":"https://a.example/1","content":"<p>a</p>",'
        b'"published":"2020-01-01T00:00:00Z","to":[]}}]}',
        2_000_000_000_000,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
