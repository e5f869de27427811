"""Who was told to wait at the door, and for how long, over all edges. Pure.

A device has a place at the door that is the same at every edge (``crowd.door``), and asks now at this edge, now at that
one. So rows name the places of those who were told to wait in their second, and of those let in after that, six bytes
each. When many ask in a second, a row names one in 2^n, by the last bits of the place: the same ones at each edge, and
as likely to be let in as any.
"""

from __future__ import annotations

from collections.abc import Collection

from stentor.base.errors import Malformed

PLACE_BYTES = 6
PLACE_BITS = 8 * PLACE_BYTES
MOST = 1024
"""Places of a row, told and let in each: 12 kB."""
FORGOTTEN_S = 600.0
"""So long after somebody was told to wait it is noted who comes in."""


class Outside:
    """At one edge: who was told to wait since the last row, and who was let in. ``now`` is any steady clock."""

    __slots__ = ("_let_in", "_told", "_told_last")

    def __init__(self) -> None:
        self._told: set[int] = set()
        self._let_in: set[int] = set()
        self._told_last = float("-inf")

    def told(self, place: float, now: float) -> None:
        """The device with that place (0 to 1) was told to wait."""
        self._told.add(_bits(place))
        self._told_last = now

    def heeds(self, now: float) -> bool:
        """Whether those who are let in may have waited."""
        return now - self._told_last < FORGOTTEN_S

    def let_in(self, place: float) -> None:
        """That one was let in."""
        self._let_in.add(_bits(place))

    def taken(self) -> tuple[bytes, bytes, int]:
        """Told, let in, and how often both were halved, since this was asked last."""
        told, let_in, halvings = self._told, self._let_in, 0
        if told or let_in:
            self._told, self._let_in = set(), set()
        while len(told) > MOST or len(let_in) > MOST:
            halvings += 1
            told, let_in = _held(told, halvings), _held(let_in, halvings)
        return _packed(told), _packed(let_in), halvings


def thinned(places: bytes, halvings: int) -> bytes:
    """Of the places that a row names those that one with so many halvings does."""
    return _packed(_held(_unpacked(places), halvings))


class Waits:
    """What rows say of it, put together. Times are seconds of wall clocks, about in order."""

    def __init__(self) -> None:
        self.halvings = 0
        """It knows one device in 2 to the power of this."""
        self._devices: dict[int, list[float]] = {}
        """By place: how long it has waited, when it was told last (0: it is inside), how often it was let in."""

    def hear(self, at_s: float, told: bytes, let_in: bytes, halvings: int) -> None:
        """What a row says; raises :class:`Malformed` for what none says."""
        if len(told) % PLACE_BYTES or len(let_in) % PLACE_BYTES or not 0 <= halvings <= PLACE_BITS:
            raise Malformed("A place at the door has six bytes.")
        if halvings > self.halvings:
            self.halvings = halvings
            kept = _held(self._devices, halvings)
            self._devices = {place: device for place, device in self._devices.items() if place in kept}
        for place in _held(_unpacked(told), self.halvings):
            device = self._devices.setdefault(place, [0.0, 0.0, 0])
            device[0] += max(0.0, at_s - device[1]) if device[1] else 0.0
            device[1] = max(at_s, device[1])
        for place in _held(_unpacked(let_in), self.halvings):
            known = self._devices.get(place)
            if known is not None and known[1]:
                known[0] += max(0.0, at_s - known[1])
                known[1] = 0.0
                known[2] += 1

    def count(self) -> tuple[int, int, float]:
        """Of those it knows: how many devices waited, how many of them were let in, and seconds that each waited."""
        devices = self._devices.values()
        waited_s = sum(device[0] for device in devices)
        return len(devices), sum(device[2] > 0 for device in devices), waited_s / max(1, len(devices))


def _bits(place: float) -> int:
    """The last bits of a place: they say nothing about who is let in."""
    return int(place * 2**53) & ((1 << PLACE_BITS) - 1)


def _held(places: Collection[int], halvings: int) -> set[int]:
    if not halvings:
        return set(places)
    mask = (1 << halvings) - 1
    return {place for place in places if not place & mask}


def _packed(places: Collection[int]) -> bytes:
    return b"".join(place.to_bytes(PLACE_BYTES, "big") for place in places)


def _unpacked(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + PLACE_BYTES], "big") for at in range(0, len(data), PLACE_BYTES)]
