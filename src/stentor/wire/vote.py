"""Votes on their way from an edge to a house: a request on ``vote.<space>`` with many of them, as MessagePack."""

from __future__ import annotations

import msgspec

from stentor.base.errors import Malformed

MOST_VOTES = 2000
"""In one message: 100 kB."""
MOST_BALLOT = 32
DEVICE_CHARACTERS = 24
MOST_CHOICE = 6


class Vote(msgspec.Struct, frozen=True, array_like=True):
    """``device`` is a digest, 24 hexadecimal digits; ``choice`` 0 takes a vote back; ``at_ms`` is wall clock."""

    ballot: str
    device: str
    choice: int
    at_ms: int


class VoteBatch(msgspec.Struct, frozen=True, array_like=True):
    """Votes in one space."""

    space: str
    votes: list[Vote]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(VoteBatch)


def encode(batch: VoteBatch) -> bytes:
    """The message for the bus."""
    return _encoder.encode(batch)


def decode(message: bytes) -> VoteBatch:
    """The votes in a message from the bus; raises :class:`Malformed` for anything else."""
    try:
        batch = _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not votes: {error}") from error
    if len(batch.votes) > MOST_VOTES or not all(map(_whole, batch.votes)):
        raise Malformed("Votes of other lengths than ours.")
    return batch


def _whole(vote: Vote) -> bool:
    lengths = len(vote.device) == DEVICE_CHARACTERS and 0 < len(vote.ballot) <= MOST_BALLOT
    return lengths and 0 <= vote.choice <= MOST_CHOICE and 0 <= vote.at_ms < 1 << 53
