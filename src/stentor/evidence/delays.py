"""How long something took, by powers of two: counts that add up over seconds and edges, and quantiles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

import msgspec

BUCKETS = 24
"""The first holds what took less than a millisecond, the n-th less than 2^n ms, the last all above 70 min."""


class Quantile(msgspec.Struct, frozen=True):
    """Lies between ``low_ms`` and ``high_ms``: the bounds of its bucket."""

    low_ms: int
    high_ms: int


class Delays:
    """``add`` takes a quarter of a microsecond; ``taken`` is for once a second."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS

    def add(self, seconds: float) -> None:
        """What is less than nothing, as a clock that was set may say, took no time."""
        ms = int(seconds * 1000)
        self._counts[min(ms.bit_length(), BUCKETS - 1) if ms > 0 else 0] += 1

    def taken(self) -> list[int]:
        """The counts since this was asked last, by bucket, without empty ones at the end."""
        counts = self._counts
        if not any(counts):
            return []
        self._counts = [0] * BUCKETS
        while not counts[-1]:
            counts.pop()
        return counts


def together(parts: Iterable[Sequence[int]]) -> list[int]:
    """The sum, bucket by bucket; what lies beyond the last bucket is none of ours."""
    whole = [0] * BUCKETS
    for part in parts:
        whole = [sum(pair) for pair in zip_longest(whole, part[:BUCKETS], fillvalue=0)]
    return whole


def quantile(counts: Sequence[int], share: float) -> Quantile | None:
    """Where that ``share`` (0 to 1) of all is not longer; None of nothing."""
    rank, seen = share * sum(counts), 0
    for number, count in enumerate(counts):
        seen += count
        if count and seen >= rank:
            return Quantile(1 << (number - 1) if number else 0, 1 << number)
    return None
