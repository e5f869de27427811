"""20 ms of the stage's mix on its way to the programme: 50 a second, of which a message on the bus carries up to 16.

Each is a fixed header (little endian) and 960 samples of 16 bits; in a message they stand one behind the other:

======= ===== ==========================================================
offset  bytes what
======= ===== ==========================================================
0       2     ``ST``
2       1     version, 1
3       1     how many are talking (255 and more: 255)
4       2     age of the newest sound in it, ms (65,535 and more: 65,535)
6       8     number of the tick on the space's grid
14      1920  samples, mono, 48 kHz
======= ===== ==========================================================
"""

from __future__ import annotations

import struct

import msgspec

from stentor.base import grid
from stentor.base.errors import Malformed

SAMPLES_BYTES = grid.TICK_SAMPLES * 2
VERSION = 1

_HEADER = struct.Struct("<2sBBHQ")
_MAGIC = b"ST"
TICK_BYTES = _HEADER.size + SAMPLES_BYTES
MAX_TICKS = 16
"""In one message: a chunk."""


class Tick(msgspec.Struct, frozen=True):
    """Tick ``number`` of a space: ``samples`` is 960 samples int16 LE, ``talking`` a count, ``delay_ms`` the age of
    the newest sound in it when it was mixed.
    """

    number: int
    delay_ms: int
    talking: int
    samples: bytes


def encode(tick: Tick) -> bytes:
    """A tick for a message; counts beyond their field are cut to its greatest value.

    Raises ValueError for a negative number or other than 960 samples: a mistake of ours, not of a peer.
    """
    if len(tick.samples) != SAMPLES_BYTES:
        raise ValueError(f"a tick has {SAMPLES_BYTES} bytes of samples, not {len(tick.samples)}")
    if not 0 <= tick.number < 1 << 64:
        raise ValueError("a tick's number is not negative")
    talking, delay_ms = min(max(tick.talking, 0), 0xFF), min(max(tick.delay_ms, 0), 0xFFFF)
    return _HEADER.pack(_MAGIC, VERSION, talking, delay_ms, tick.number) + tick.samples


def decode(message: bytes) -> list[Tick]:
    """The ticks in a message from the bus, 1 to :data:`MAX_TICKS`; raises :class:`Malformed` for anything else."""
    count, rest = divmod(len(message), TICK_BYTES)
    if rest or not 1 <= count <= MAX_TICKS:
        raise Malformed(f"A message has 1 to {MAX_TICKS} ticks of {TICK_BYTES} bytes, not {len(message)} bytes.")
    ticks = []
    for start in range(0, len(message), TICK_BYTES):
        magic, version, talking, delay_ms, number = _HEADER.unpack_from(message, start)
        if magic != _MAGIC or version != VERSION:
            raise Malformed("Not a tick of version 1.")
        ticks.append(Tick(number, delay_ms, talking, message[start + _HEADER.size : start + TICK_BYTES]))
    return ticks
