"""Plays of a recording, as IAB's guidelines for podcasts have them (version 2.3): a device that gets a minute of it.

Once a device and day (UTC). A device is a keyed hash of address and agent; the key differs from day to day and from
space to space, so nobody can be followed. Which parts came does not matter: each counts once, ranges are put together.
Like IAB's and not certified. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from stentor.base import grid
from stentor.base.errors import Malformed

DAY_MS: Final = 86_400_000
PLAY_S: Final = 60.0
SEGMENTS: Final = math.ceil(PLAY_S * grid.SAMPLE_RATE_HZ / grid.SEGMENT_SAMPLES)
"""Of a play: 61 s."""
MOST_BEGUN: Final = 100_000
"""Devices with less than a minute; beyond them the one that began first begins anew."""
EXACT: Final = 50_000
"""Devices that have been counted today and are known one by one: 5 MB."""
BLOOM_BYTES: Final = 1 << 25
BLOOM_HASHES: Final = 7
"""Beyond, of 20 million devices one in 500 is taken for another that was counted already (Bloom, 1970)."""
KEY_BYTES: Final = 6
MOST_KEYS: Final = 1024
"""That a row names."""
MOST_DISTINCT: Final = 8192
"""Devices of a space and day that are told apart over all edges; beyond, one in 2, 4, 8 …"""


class CountedDevices:
    """Devices that were counted. ``add`` takes a third of a microsecond, above :data:`EXACT` three."""

    def __init__(self, exact: int = EXACT) -> None:
        self._few: set[int] = set()
        self._many: bytearray | None = None
        self._exact = exact

    def __contains__(self, device: int) -> bool:
        if device in self._few:
            return True
        many = self._many
        return many is not None and all(many[bit >> 3] & (1 << (bit & 7)) for bit in _bits(device))

    def add(self, device: int) -> None:
        """``device``: 64 evenly spread bits."""
        if self._many is None and len(self._few) < self._exact:
            self._few.add(device)
            return
        if self._many is None:
            self._many = bytearray(BLOOM_BYTES)
        for bit in _bits(device):
            self._many[bit >> 3] |= 1 << (bit & 7)


def _bits(device: int) -> Iterable[int]:
    """Of the filter (Kirsch and Mitzenmacher, 2006)."""
    first, step = device & 0xFFFFFFFF, (device >> 32) | 1
    return ((first + turn * step) % (8 * BLOOM_BYTES) for turn in range(BLOOM_HASHES))


class NewPlays(msgspec.Struct, frozen=True):
    """What a row says of a space."""

    plays: int
    robots: int
    keys: bytes
    """Of the devices, without robots."""
    halvings: int
    """It names one device in 2 to the power of this."""


class _OfSpace:
    def __init__(self) -> None:
        self.plays = self.robots = 0
        self.keys: set[int] = set()


class Plays:
    """At one edge, of all spaces."""

    def __init__(self) -> None:
        self.day = -1
        self._begun: dict[int, int] = {}
        """By device: which segments it has, a bit each."""
        self._counted = CountedDevices()
        self._new: dict[str, _OfSpace] = {}

    def begin(self, day: int) -> None:
        """A new day: everybody is new."""
        self.day, self._begun, self._counted = day, {}, CountedDevices()

    def heard(self, space: str, device: int, segment: int, *, robot: bool) -> bool:
        """A device has got a segment; returns whether it needs no more to be a play."""
        mask = self._begun.get(device)
        if mask is None:
            if device in self._counted:
                return True
            if len(self._begun) >= MOST_BEGUN:
                del self._begun[next(iter(self._begun))]
            mask = 0
        mask |= 1 << segment
        if mask.bit_count() < SEGMENTS:
            self._begun[device] = mask
            return False
        self._begun.pop(device, None)
        self._counted.add(device)
        new = self._new.setdefault(space, _OfSpace())
        if robot:
            new.robots += 1
        else:
            new.plays += 1
            new.keys.add(device & ((1 << 8 * KEY_BYTES) - 1))
        return True

    def taken(self) -> dict[str, NewPlays]:
        """By space: what came since this was asked last."""
        found, self._new = self._new, {}
        return {space: _told(new) for space, new in found.items()}


def _told(new: _OfSpace) -> NewPlays:
    keys, halvings = new.keys, 0
    while len(keys) > MOST_KEYS:
        halvings += 1
        keys = _held(keys, halvings)
    return NewPlays(new.plays, new.robots, b"".join(key.to_bytes(KEY_BYTES, "big") for key in keys), halvings)


class DayPlays(msgspec.Struct, frozen=True):
    """The plays of one day, over all edges."""

    plays: float
    low: float
    high: float
    robots: int


class DayTally:
    """The rows of one day, put together: a device that was at two edges is one."""

    def __init__(self) -> None:
        self._by_edge: dict[str, int] = {}
        self._robots = 0
        self._halvings = 0
        self._keys: set[int] = set()

    def hear(self, edge: str, new: NewPlays) -> None:
        """Raises :class:`Malformed` for what no row says."""
        if len(new.keys) % KEY_BYTES or not 0 <= new.halvings <= 8 * KEY_BYTES:
            raise Malformed("A device that plays has six bytes.")
        self._by_edge[edge] = self._by_edge.get(edge, 0) + new.plays
        self._robots += new.robots
        self._halvings = max(self._halvings, new.halvings)
        keys = (int.from_bytes(new.keys[at : at + KEY_BYTES], "big") for at in range(0, len(new.keys), KEY_BYTES))
        self._keys = _held({*self._keys, *keys}, self._halvings)
        while len(self._keys) > MOST_DISTINCT:
            self._halvings += 1
            self._keys = _held(self._keys, self._halvings)

    def count(self, sigmas: float) -> DayPlays:
        """Exact of one edge, and of several as long as all devices are told apart."""
        whole = sum(self._by_edge.values())
        if len(self._by_edge) < 2 or not self._halvings:
            plays = float(whole if len(self._by_edge) < 2 else len(self._keys))
            return DayPlays(plays, plays, plays, self._robots)
        share: float = 0.5**self._halvings
        found = len(self._keys) / share
        error = sigmas * (max(1, len(self._keys)) * (1 - share)) ** 0.5 / share
        most = max(self._by_edge.values())
        low, value, high = (round(min(whole, max(most, each))) for each in (found - error, found, found + error))
        return DayPlays(value, low, high, self._robots)


def together(one: Mapping[str, DayPlays], other: Mapping[str, DayPlays]) -> dict[str, DayPlays]:
    """Days as two have counted them: of each the larger, which has seen more of its rows."""
    days = sorted({*one, *other})
    known = {day: [each[day] for each in (one, other) if day in each] for day in days}
    return {day: max(counts, key=lambda each: (each.plays + each.robots, each.high)) for day, counts in known.items()}


def _held(keys: set[int], halvings: int) -> set[int]:
    mask = (1 << halvings) - 1
    return {key for key in keys if not key & mask} if halvings else keys
