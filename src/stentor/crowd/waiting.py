"""Who waits at the door, as one edge knows it, and how many that are at all edges together. Pure.

Each device has a place between 0 and 1 that is the same at every edge. An edge tells the smallest :data:`SKETCH` places
of those who wait there; the union of what all edges tell says how many different devices there are, though each has
asked at several edges: the k-th smallest of n places stands near k / n (*k minimum values*; Beyer, 2007). The
error is about 1 / sqrt(k - 2), here an eighth.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import chain

SKETCH = 64
MOST = 100_000
"""Devices an edge remembers for one space, 10 MB; beyond it the longest silent is forgotten first."""
DIGITS = 9
"""Of a place as it is told: a million devices still have places of their own."""


class WaitingDevices:
    """The devices of one space that one edge has told to wait, and when they asked last (seconds, any steady clock)."""

    def __init__(self) -> None:
        self._asked: dict[float, float] = {}
        """By place, whoever has been silent for longest first."""
        self._p = 0.0

    def __len__(self) -> int:
        return len(self._asked)

    def told(self, place: float, now: float) -> None:
        """The device with that place was told to wait."""
        self._asked.pop(place, None)
        if len(self._asked) >= MOST:
            del self._asked[next(iter(self._asked))]
        self._asked[place] = now

    def forget(self, p: float, before: float) -> None:
        """Those whom the door lets in now, and those who asked last before that time: they have gone."""
        if p != self._p:
            self._p = p
            self._asked = {place: at for place, at in self._asked.items() if place >= p}
        while self._asked and (first := next(iter(self._asked.items())))[1] < before:
            del self._asked[first[0]]

    def clear(self) -> None:
        """The door has become narrow anew, or is open."""
        self._asked.clear()

    def smallest(self) -> list[float]:
        """What an edge tells: :data:`SKETCH` places at most, in order."""
        return [round(place, DIGITS) for place in heapq.nsmallest(SKETCH, self._asked)]


def estimate(told: Iterable[Iterable[float]], p: float) -> int:
    """How many different devices wait, from what all edges tell; exact below :data:`SKETCH` of them."""
    places = sorted({place for place in chain.from_iterable(told) if place >= p})
    if len(places) < SKETCH:
        return len(places)
    last = max(places[SKETCH - 1] - p, 1e-9)
    return round((SKETCH - 1) * (1.0 - p) / last)
