"""The names of those who are heard in a recording: in one document beside it, not inside the sound.

The hashes of a recording cover its segments for good. So the pulses in them hold seats without names, and the names
stand where they can be erased. Recordings of before have the names inside.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stentor.base.errors import Malformed
from stentor.spaces import pulse
from stentor.spaces.model import erased_name
from stentor.spaces.pulse import Pulse


class SeatName(msgspec.Struct, frozen=True):
    """Who had a seat from ``chunk`` on."""

    seat: str
    name: str
    chunk: int


class Names(msgspec.Struct, frozen=True):
    """Of one recording, in the order in which they were first told."""

    v: int = 1
    names: list[SeatName] = []

    def of(self, seat: str, chunk: int) -> str:
        """Who had the seat in a chunk; empty when nobody knows."""
        known = [each for each in self.names if each.seat == seat]
        return next((each.name for each in reversed(known) if each.chunk <= chunk), known[0].name if known else "")

    def heard(self, told: Pulse) -> Names:
        """With the names in a pulse; itself when there is no new one."""
        last = {each.seat: each.name for each in self.names}
        new = [
            SeatName(seat.id, seat.name, told.chunk) for seat in told.seats if seat.name not in ("", last.get(seat.id))
        ]
        return Names(self.v, [*self.names, *new]) if new else self

    def renamed(self, instead: Mapping[str, str]) -> Names:
        """With other names, by seat."""
        return Names(
            self.v,
            [msgspec.structs.replace(each, name=instead.get(each.seat, each.name)) for each in self.names],
        )


_decoder = msgspec.json.Decoder(Names)
_encoder = msgspec.json.Encoder()


def key(space: str) -> str:
    """Under which they stand in the object store."""
    return f"recordings/{space}/names.json"


def encode(names: Names) -> bytes:
    return _encoder.encode(names)


def decode(data: bytes) -> Names:
    """Raises :class:`Malformed`."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"No names of a recording: {error}") from error


def without(told: Pulse) -> Pulse:
    """The pulse as it is recorded."""
    seats = [msgspec.structs.replace(seat, name="") for seat in told.seats]
    return msgspec.structs.replace(told, seats=seats)


def given(told: Pulse, names: Names, erased: Mapping[str, int] = {}) -> Pulse:
    """A recorded pulse with the names that are known; numbers for those who were deleted."""
    seats = [
        msgspec.structs.replace(
            seat, name=erased_name(erased[seat.id]) if seat.id in erased else seat.name or names.of(seat.id, told.chunk)
        )
        for seat in told.seats
    ]
    return msgspec.structs.replace(told, seats=seats)


def named(message: bytes, names: Names, erased: Mapping[str, int]) -> bytes:
    """The same of a pulse's JSON; what is no pulse stays as it is."""
    try:
        return pulse.encode(given(pulse.read(message), names, erased))
    except Malformed:
        return message
