"""What a rehearsal and its load generators say to each other on the bus.

A generator offers itself; it is ordered a :class:`Share`, signed with the installation's secret; it tells a
:class:`Word` a second until it is done. Messages of the bus are limited to 1 MB, and the last tally of a process is
longer: words travel in pieces.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from typing import Final

import msgspec

from stentor.base.errors import Malformed
from stentor.base.keys import REHEARSAL
from stentor.base.signing import Signer, derive, verified
from stentor.rehearsal.arrival import ListenerVisit
from stentor.rehearsal.order import CrowdTally
from stentor.rehearsal.plan import RehearsalPlan

OFFERS: Final = "rehearsal.offer.*"
PIECE_BYTES: Final = 512 << 10
MOST_BYTES: Final = 1 << 26
CHECKSUM_BYTES: Final = 4
MORE, END = b"+", b"."
"""The first byte of a piece."""


def offer_subject(name: str) -> str:
    return f"rehearsal.offer.{name}"


def order_subject(name: str) -> str:
    return f"rehearsal.order.{name}"


def stop_subject(name: str) -> str:
    return f"rehearsal.stop.{name}"


def word_subject(run: str, name: str) -> str:
    return f"rehearsal.word.{run}.{name}"


class GeneratorOffer(msgspec.Struct, frozen=True):
    """A generator that has nothing to do, and its wall clock when it said so."""

    name: str
    processors: int
    at: float


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The whole rehearsal, and which of its visits are one generator's: everybody draws the same ones."""

    run: str
    name: str
    """Whose share it is."""
    plan: RehearsalPlan
    slots: tuple[int, int]
    """Visit ``n`` belongs to whoever has ``n % of`` between these two, the first included."""
    of: int
    at: float
    """When it begins, on the generator's clock."""

    def visits(self) -> list[ListenerVisit]:
        """This generator's part of the crowd: dealt like cards, so that all have the same curve."""
        everybody = self.plan.visits()
        hands = [everybody[slot :: self.of] for slot in range(*self.slots)]
        return sorted(itertools.chain.from_iterable(hands), key=lambda visit: visit.at_s)

    @property
    def size(self) -> int:
        """How many visits those are."""
        return sum(len(range(slot, self.plan.listeners, self.of)) for slot in range(*self.slots))


class OrderAnswer(msgspec.Struct, frozen=True):
    """To an order: empty when it is obeyed, otherwise a sentence."""

    refused: str = ""


class Word(msgspec.Struct, frozen=True):
    """What a generator says, once a second at least: silence means that it is gone."""

    processes: int = 0
    index: int = 0
    tally: CrowdTally | None = None
    """Of the process with that index."""
    ended: bool = False
    failed: str = ""
    """Why it ended in the middle."""


def sign(share: Share, secret: bytes) -> bytes:
    """The order: a signature, a line's end, and the share as JSON."""
    text = msgspec.json.encode(share)
    return Signer(derive(secret, REHEARSAL)).sign(text).encode() + b"\n" + text


def read(order: bytes, public: str) -> Share:
    """The share that an order is for; raises :class:`Malformed` unless whoever has the key to ``public`` signed it."""
    signature, _, text = order.partition(b"\n")
    if not verified(public, signature.decode("ascii", "replace"), text):
        raise Malformed("The order is not signed with this installation's secret.")
    try:
        return msgspec.json.decode(text, type=Share)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The order is of another version of Stentor: {error}.") from error


def pieces(word: Word) -> Iterator[bytes]:
    """The messages of a word, in order. In front stands a checksum: with a piece lost, numbers would still parse."""
    text = msgspec.json.encode(word)
    data = zlib.crc32(text).to_bytes(CHECKSUM_BYTES) + text
    for begin in range(0, len(data), PIECE_BYTES):
        end = begin + PIECE_BYTES
        yield (MORE if end < len(data) else END) + data[begin:end]


class WordReader:
    """Puts the words of one generator together again."""

    def __init__(self) -> None:
        self._begun = bytearray()

    def take(self, piece: bytes) -> Word | None:
        """The word that this piece completes. Raises :class:`Malformed`."""
        self._begun += piece[1:]
        if len(self._begun) > MOST_BYTES:
            self._begun.clear()
            raise Malformed("A word of a load generator is too long.")
        if piece[:1] == MORE:
            return None
        data = bytes(self._begun)
        self._begun.clear()
        text = data[CHECKSUM_BYTES:]
        if zlib.crc32(text) != int.from_bytes(data[:CHECKSUM_BYTES]):
            raise Malformed("A piece of a load generator's word was lost.")
        try:
            return msgspec.json.decode(text, type=Word)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"A word of a load generator does not parse: {error}.") from error
