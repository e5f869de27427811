"""Who hears with a ticket, as edges tell each other: at the beginning, and again while it is heard.

Subject ``hearing.<space>``, from edges to edges. It says which pass is heard since when and by which player, as keyed
digests; neither a code nor an address.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from stentor.base.errors import Malformed

MOST: Final = 500
"""Hearings in one message: 30 kB."""
HOLDER_BYTES: Final = 8
PLAYER_BYTES: Final = 8


class Hearing(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One ticket: of two hearings the greater is the newer one, and the one that counts."""

    begun_ms: int
    player: bytes
    """Which device or program it is: 8 bytes that say nothing else."""
    holder: bytes
    """Whose pass."""


class Hearings(msgspec.Struct, frozen=True):
    """What one edge tells of a space."""

    space: str
    heard: list[Hearing]


_decoder = msgspec.msgpack.Decoder(Hearings)


def encode(space: str, heard: Iterable[Hearing]) -> bytes:
    """MessagePack; :data:`MOST` at most."""
    return msgspec.msgpack.encode(Hearings(space, list(heard)))


def decode(payload: bytes) -> Hearings:
    """Raises :class:`Malformed` for anything that :func:`encode` does not make."""
    try:
        found = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"No hearings: {error}") from error
    right = all(
        len(each.holder) == HOLDER_BYTES and len(each.player) == PLAYER_BYTES and each.begun_ms >= 0
        for each in found.heard
    )
    if len(found.heard) > MOST or not right:
        raise Malformed("No hearings: too many, or digests of another length.")
    return found
