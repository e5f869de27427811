"""What travels on the bus for every chunk of the programme: all renditions, the pulse, and where the sound came from.

One message a chunk, so that a chunk is there whole or not at all. MessagePack through msgspec; a message that does
not fit the schema is :class:`~stentor.base.errors.Malformed`.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import Malformed
from stentor.base.rendition import BY_NAME, MAX_FRAME_BYTES, Source

MAX_CHUNK_BYTES = 256 * 1024
"""Three renditions take 5 kB a chunk; 50 times as much is a mistake or an attack."""
MAX_SPAN = 12
"""Chunks that one message may stand for: a segment."""
MAX_HOLD_CHARS = 200


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Chunk ``number`` of a space.

    ``frames`` maps a rendition's name to its raw frames (AAC access units without ADTS header, Opus packets), exactly
    15 or 16 of them. ``pulse`` is the JSON document of ``spaces.pulse`` as bytes. ``made_ms`` is the wall clock (ms)
    at which the programme finished encoding; ``delay_ms`` the age of the newest sound in it when it was mixed
    (from the arrival of a speaker's packet to its place on the grid).

    While a space only waits its chunks are the hold loop's, which everybody has: then ``frames`` is empty, ``hold``
    names the loop, and the message stands for the ``span`` chunks up to ``number``.
    """

    space: str
    number: int
    doors_open_ms: int
    source: Source
    made_ms: int
    delay_ms: int
    pulse: bytes
    frames: dict[str, list[bytes]]
    span: int = 1
    hold: str = ""

    @property
    def first(self) -> int:
        """The first number that it stands for."""
        return self.number - self.span + 1


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Chunk)


def encode(chunk: Chunk) -> bytes:
    """The message for the bus."""
    return _encoder.encode(chunk)


def decode(message: bytes) -> Chunk:
    """The chunk in a message from the bus; raises :class:`Malformed` for anything else, never another error."""
    if len(message) > MAX_CHUNK_BYTES:
        raise Malformed(f"A chunk of {len(message)} bytes is over the limit of {MAX_CHUNK_BYTES}.")
    try:
        chunk = _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a chunk: {error}") from error
    if chunk.number < 0 or chunk.doors_open_ms < 0:
        raise Malformed("A chunk's number and time are not negative.")
    if not 1 <= chunk.span <= min(MAX_SPAN, chunk.number + 1) or (chunk.span > 1 and chunk.frames):
        raise Malformed(f"A message stands for 1 to {MAX_SPAN} chunks, and for more than one only without frames.")
    if len(chunk.hold) > MAX_HOLD_CHARS:
        raise Malformed("The name of a hold loop is too long.")
    for name, frames in chunk.frames.items():
        rendition = BY_NAME.get(name)
        if rendition is None:
            raise Malformed("A chunk of an unknown rendition.")
        if len(frames) != rendition.frames_per_chunk:
            raise Malformed(f"A chunk of {name} has {rendition.frames_per_chunk} frames, not {len(frames)}.")
        if not all(0 < len(frame) <= MAX_FRAME_BYTES - 7 for frame in frames):
            raise Malformed(f"A frame of {name} is empty or too long.")
    return chunk
