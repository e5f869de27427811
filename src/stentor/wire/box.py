"""ISO base media boxes (ISO/IEC 14496-12, 4.2): the bricks of MP4, written and walked."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from stentor.base.errors import Malformed

HEADER_BYTES = 8


class Box(NamedTuple):
    """One box found in bytes: its four-character ``kind``, where it starts, where its body starts, where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of ``kind`` with the parts as its body."""
    size = HEADER_BYTES + sum(map(len, parts))
    return b"".join((struct.pack(">I4s", size, kind), *parts))


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box that begins with a version (8 bits) and flags (24 bits)."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def boxes(data: bytes | bytearray | memoryview, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes of ``data[start:end]``, one after the other; raises :class:`Malformed` unless they fill it exactly.

    A size of 64 bits or "to the end of the file" is refused: nothing in a live stream is that long.
    """
    stop = len(data) if end is None else end
    at = start
    while at < stop:
        if stop - at < HEADER_BYTES:
            raise Malformed(f"{stop - at} bytes where a box should begin.")
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < HEADER_BYTES or size > stop - at:
            raise Malformed(f"A box of {size} bytes in {stop - at}.")
        yield Box(kind, at, at + HEADER_BYTES, at + size)
        at += size


def find(data: bytes | bytearray | memoryview, *path: bytes, start: int = 0, end: int | None = None) -> Box | None:
    """The first box at ``path`` (each inside the one before), or None; raises :class:`Malformed`."""
    found: Box | None = None
    for kind in path:
        found = next((inner for inner in boxes(data, start, end) if inner.kind == kind), None)
        if found is None:
            return None
        start, end = found.body, found.end
    return found
