"""0.32 s of one seat's own sound on its way from the stage to the captions: ``speech.<space>.<seat>``.

A fixed header (little endian) and 5,120 samples of 16 bits:

======= ====== ==========================================================
offset  bytes  what
======= ====== ==========================================================
0       2      ``SV``
2       1      version, 1
3       1      0
4       2      in which of the 16 ticks the seat talked: bit 0 is the first
6       8      number of the chunk on the space's grid
14      10,240 samples, mono, 16 kHz
======= ====== ==========================================================
"""

from __future__ import annotations

import struct

import msgspec

from stentor.base import grid
from stentor.base.errors import Malformed

RATE_HZ = 16_000
"""What recognisers of speech are trained on."""
TICK_SAMPLES = RATE_HZ * grid.TICK_SAMPLES // grid.SAMPLE_RATE_HZ
CHUNK_SAMPLES = TICK_SAMPLES * grid.TICKS_PER_CHUNK
VERSION = 1

_HEADER = struct.Struct("<2sBBHQ")
_MAGIC = b"SV"
MESSAGE_BYTES = _HEADER.size + 2 * CHUNK_SAMPLES


class Speech(msgspec.Struct, frozen=True):
    """Chunk ``chunk`` of one seat: ``talking`` has a bit a tick, ``samples`` is 5,120 samples int16 LE."""

    chunk: int
    talking: int
    samples: bytes


def subject(space: str, seat: str) -> str:
    """``seat`` may be ``*``: everybody's."""
    return f"speech.{space}.{seat}"


def encode(speech: Speech) -> bytes:
    """The message for the bus. Raises ValueError for what is not 16 ticks: a mistake of ours, not of a peer."""
    if len(speech.samples) != 2 * CHUNK_SAMPLES or not 0 <= speech.talking < 1 << grid.TICKS_PER_CHUNK:
        raise ValueError(f"a chunk of speech has {CHUNK_SAMPLES} samples and {grid.TICKS_PER_CHUNK} ticks")
    return _HEADER.pack(_MAGIC, VERSION, 0, speech.talking, speech.chunk) + speech.samples


def decode(message: bytes) -> Speech:
    """The speech in a message from the bus; raises :class:`Malformed` for anything else."""
    if len(message) != MESSAGE_BYTES:
        raise Malformed(f"A chunk of speech has {MESSAGE_BYTES} bytes, not {len(message)}.")
    magic, version, _, talking, chunk = _HEADER.unpack_from(message)
    if magic != _MAGIC or version != VERSION:
        raise Malformed("Not speech of version 1.")
    return Speech(chunk, talking, message[_HEADER.size :])
