"""The numbers of a space from its rows, each with how it was counted and how wrong it may be.

Rows may come in any order, twice, and from edges whose clocks differ: a second is that of the row's own clock. An edge
whose row of a second is missing, but whose rows just before and after are there, is taken to have stood as it did
before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from stentor.base import grid
from stentor.evidence import delays, sketch
from stentor.evidence.row import EdgeSecond, SpaceSecond

CARRIED_S = 3
"""An edge that says nothing for longer is gone, and nobody hears it."""
PART_S = grid.PART_SAMPLES / grid.SAMPLE_RATE_HZ
TWO_SIGMA = 1.96
FIRST_SOUND_SHARE = 0.95


class Figure(msgspec.Struct, frozen=True):
    """A number as it is shown: with its interval and its method."""

    value: float
    low: float
    high: float
    method: str
    at_ms: int | None = None
    """The second of a peak."""
    at_least: bool = False
    """There may be more: some came through a proxy that named nobody, which may be a cache."""


class Counts(msgspec.Struct, frozen=True):
    """What is known of a space's audience."""

    space: str
    rows: int
    edges: int
    since_ms: int
    until_ms: int
    hearing: Figure
    peak: Figure
    lobby: Figure
    refused: Figure
    joins: Figure
    listeners: Figure
    minutes: Figure
    skipped: Figure
    unique: Figure
    first_sound_ms: Figure


METHODS: Mapping[str, str] = {
    "hearing": "progressive connections open, and clients of HLS, in the last second; summed over edges",
    "peak": "the largest sum over edges of one second's hearing",
    "lobby": "devices told to wait, at the edge that knows most; the truth is between that and the sum",
    "refused": "joins told to wait: times, not devices",
    "joins": "progressive listeners that began: times, not devices",
    "listeners": "HyperLogLog as for unique, of those who listened for 60 s in one go",
    "minutes": "chunks written to listeners × 0.32 s, parts of HLS × 0.96 s; what was skipped does not count",
    "skipped": "minutes that listeners were not sent since they were too slow for them: chunks × 0.32 s",
    "unique": "HyperLogLog of keyed hashes of address and agent, let in once at least; ±1.6 % for the sketch, "
    "and above it all who came through a proxy that named nobody",
    "first_sound_ms": "from the connection to the first write of sound: 95 of 100 streams; by powers of two",
}


def count(space: str, rows: Iterable[EdgeSecond]) -> Counts | None:
    """None when no row knows the space."""
    seconds: dict[str, dict[int, SpaceSecond]] = defaultdict(dict)
    came, stayed = sketch.Sketch(), sketch.Sketch()
    times = []
    for row in rows:
        seen = row.spaces.get(space)
        if seen is None:
            continue
        times.append(row.at_ms)
        seconds[row.edge][row.at_ms // 1000] = seen  # a copy says the same
        came.grow(seen.clients)
        stayed.grow(seen.stayed)
    if not times:
        return None
    whole = [one for by_second in seconds.values() for one in by_second.values()]
    standing = _standing(seconds)
    last = max(standing)
    peak = max(standing, key=lambda second: (standing[second], -second))
    at_end = [by_second[last] for by_second in seconds.values() if last in by_second]
    minutes = sum(one.sound_chunks * grid.CHUNK_S + one.parts * PART_S for one in whole) / 60
    hidden = any(one.hidden for one in whole)
    lobby, unnamed = [one.lobby for one in at_end], sum(one.unnamed for one in whole)
    return Counts(
        space=space,
        rows=len(whole),
        edges=len(seconds),
        since_ms=min(times),
        until_ms=max(times),
        hearing=_exact("hearing", standing[last], any(one.hidden for one in at_end)),
        peak=_exact("peak", standing[peak], hidden, at_ms=peak * 1000),
        lobby=Figure(max(lobby, default=0), max(lobby, default=0), sum(lobby), METHODS["lobby"], at_least=unnamed > 0),
        refused=_exact("refused", sum(one.turned_away for one in whole)),
        joins=_exact("joins", sum(one.joins for one in whole)),
        minutes=_exact("minutes", round(minutes, 2), hidden),
        skipped=_exact("skipped", round(sum(one.skipped_chunks for one in whole) * grid.CHUNK_S / 60, 2)),
        first_sound_ms=_first_sound(whole),
        listeners=_people("listeners", stayed.count(), sum(one.stayed_unnamed for one in whole), hidden),
        unique=_people("unique", came.count(), unnamed),
    )


def _people(name: str, seen: float, unnamed: int, at_least: bool = False) -> Figure:
    """``unnamed``: who came through a proxy that named nobody is at least one, and at most as many as came."""
    least = seen or float(unnamed > 0)
    low, high = seen * (1 - TWO_SIGMA * sketch.ERROR), seen * (1 + TWO_SIGMA * sketch.ERROR) + unnamed
    return Figure(
        round(least), round(low) or round(least), round(high), METHODS[name], at_least=at_least or unnamed > 0
    )


def _first_sound(whole: Iterable[SpaceSecond]) -> Figure:
    """Of none: 0."""
    found = delays.quantile(delays.together(one.first_sound for one in whole), FIRST_SOUND_SHARE)
    low, high = (found.low_ms, found.high_ms) if found else (0, 0)
    return Figure(high, low, high, METHODS["first_sound_ms"])


def _exact(name: str, value: float, at_least: bool = False, at_ms: int | None = None) -> Figure:
    return Figure(value, value, value, METHODS[name], at_ms, at_least)


def _standing(seconds: Mapping[str, Mapping[int, SpaceSecond]]) -> dict[int, int]:
    """By second: how many hear the space, with what an edge said last for the seconds that it left out."""
    total: dict[int, int] = defaultdict(int)
    for by_second in seconds.values():
        ordered = sorted(by_second)
        for second, following in zip(ordered, [*ordered[1:], ordered[-1] + 1], strict=True):
            hearing = by_second[second].hearing + by_second[second].asking
            for each in range(second, following if following - second <= CARRIED_S else second + 1):
                total[each] += hearing
    return dict(total)
