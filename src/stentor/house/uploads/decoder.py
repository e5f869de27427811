"""Reads one file of somebody, in a process that can do nothing else: ``python -m stentor.house.uploads.decoder``.

The file comes by standard input, a :class:`Decoded` goes out. One process, one file: nothing of a file that takes the
decoder over reaches the next one. It starts in 0.4 s of a processor and takes 70 MB.
"""

from __future__ import annotations

import struct
import sys
from typing import Any, Final

import msgspec

from stentor.audio import file
from stentor.base.confine import confine
from stentor.base.errors import BadInput
from stentor.house.uploads import photo
from stentor.people import picture

MEMORY_BYTES: Final = 576 * 1024 * 1024
"""More than it begins with: a file of 50 MB two or three times, 25 megapixels at 8 bytes and again scaled, or 40 of
WebP at 12 bytes."""
TIME_S: Final = 20
"""A minute of any format takes under a second, 25 megapixels of PNG too; the rest is for a busy machine."""


class Decoded(msgspec.Struct):
    """``data``: float32 samples, a JPEG, or a :class:`~stentor.house.uploads.photo.Photo`, or
    a :class:`~stentor.house.uploads.photo.CoverPicture`. With a ``refusal`` there is none: the sentence, code and
    fields of it."""

    data: bytes = b""
    left_out: list[file.LeftOut] = []
    refusal: str = ""
    code: str = ""
    fields: dict[str, Any] = {}


def main(kind: str, longest_s: str = "", whole: str = "") -> None:
    """Decodes standard input: a ``sound``, a person's ``picture``, the ``photo`` of a post, a space's ``cover``."""
    _load(kind)
    confine(memory_bytes=MEMORY_BYTES, time_s=TIME_S)
    data = sys.stdin.buffer.read()
    try:
        reply = _decoded(kind, data, longest_s, whole)
    except BadInput as error:
        reply = Decoded(refusal=error.detail, code=error.error_code, fields=error.fields)
    except MemoryError:
        reply = Decoded(
            refusal="There is too much in the file to read it; send a simpler one.",
            code=BadInput.code,
            fields={"reason": "too-much"},
        )
    sys.stdout.buffer.write(msgspec.msgpack.encode(reply))


def _decoded(kind: str, data: bytes, longest_s: str, whole: str) -> Decoded:
    match kind:
        case "picture":
            return Decoded(picture.square(data))
        case "photo":
            return Decoded(msgspec.msgpack.encode(photo.develop(data)))
        case "cover":
            return Decoded(msgspec.msgpack.encode(photo.cover(data)))
        case _:
            return _sound(data, float(longest_s), whole == "whole")


def _sound(data: bytes, longest_s: float, whole: bool) -> Decoded:
    sound = file.read(data, longest_s, whole=whole)
    return Decoded(sound.samples.tobytes(), list(sound.left_out))


def _load(kind: str) -> None:
    """Makes Python, FFmpeg, Pillow and numpy load what they load at the first use only."""
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 136, b"WAVE", b"fmt ", 16, 1, 1, 48_000, 96_000, 2, 16)
    file.read(head + struct.pack("<4sI", b"data", 100) + bytes(100), 1.0)
    if kind in ("photo", "cover"):
        photo.warm()


if __name__ == "__main__":
    main(*sys.argv[1:])
