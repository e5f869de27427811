"""The numbers of a space from its rows, each with how it was counted and how wrong it may be.

Rows may come twice, and from edges whose clocks differ: a second is that of the row's own clock. An edge whose row of a
second is missing, but whose rows just before and after are there, is taken to have stood as it did before.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from stentor.base import grid
from stentor.evidence import delays, robots, sketch
from stentor.evidence.outside import Waits
from stentor.evidence.plays import DAY_MS, DayPlays, DayTally, NewPlays
from stentor.evidence.row import EdgeSecond

CARRIED_S = 3
"""An edge that says nothing for longer is gone, and nobody hears it."""
KEPT_S = 60
"""So long a second waits for the rows of all edges, before it counts for the peak as it is."""
MOST_SEEN = 100_000
"""Rows of an edge that are known when they come again: a day."""
PART_S = grid.PART_SAMPLES / grid.SAMPLE_RATE_HZ
SIGMAS = 2.58
"""Of an interval: in 99 of 100 nights the truth is in it."""
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
    """There may be more: some came through a proxy that named nobody, or by HLS through one that may be a cache."""


NOTHING = Figure(0, 0, 0, "")


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
    refused_devices: Figure
    waited: Figure
    waited_minutes: Figure
    joins: Figure
    listeners: Figure
    minutes: Figure
    skipped: Figure
    unique: Figure
    first_sound_ms: Figure
    plays: Figure = NOTHING
    plays_gross: Figure = NOTHING
    days: dict[str, DayPlays] = {}
    """The plays by day (UTC)."""
    ways: dict[str, int] = {}
    """Times that somebody came by a link that was sent, by way: browsers that opened it, each as often as it did."""


METHODS: Mapping[str, str] = {
    "hearing": "progressive connections open, and players of HLS, in the last second; summed over edges",
    "peak": "the largest sum over edges of those who heard it in one second, on its average",
    "lobby": "devices told to wait, at the edge that knows most; the truth is between that and the sum",
    "refused": "joins told to wait: times, not devices",
    "refused_devices": "devices told to wait, each once at however many edges: by their places at the door; exact up "
    "to 1,024 that ask an edge in a second, beyond it one in 2, 4, 8 … of them",
    "waited": "of refused_devices those who were let in afterwards",
    "waited_minutes": "of refused_devices: from when each was told to wait first until it was let in, or asked last",
    "joins": "progressive listeners that began: times, not devices",
    "listeners": "HyperLogLog as for unique, of those who listened for 60 s in one go",
    "minutes": "chunks written to listeners × 0.32 s, parts of HLS × 0.96 s; what was skipped does not count",
    "skipped": "minutes that listeners were not sent since they were too slow for them: chunks × 0.32 s",
    "unique": "HyperLogLog of keyed hashes of address and agent, let in once at least; ±2.1 % for the sketch, "
    "and above it all who came through a proxy that named nobody",
    "first_sound_ms": "from the connection to the first write of sound: 95 of 100 streams; by powers of two",
    "plays": "as IAB 2.3, not certified: devices (address and agent) that got 60 s of the recording, once a day (UTC); "
    f"without robots, by OPAWG's lists of {robots.LIST_DATE}",
    "plays_gross": "the same with robots",
}


class AudienceTally:
    """The rows of one space, added up as they come; what it holds does not grow with the length of the space.

    Give it rows about in the order of their times: within :data:`KEPT_S` the order does not matter to the peak.
    """

    def __init__(self, space: str) -> None:
        self.space = space
        self._seen: dict[str, dict[int, None]] = defaultdict(dict)
        """By edge: the times of its rows."""
        self._times = (0, 0)
        self._rows = 0
        self._hearing: dict[str, dict[int, float]] = defaultdict(dict)
        """By edge and second, of the last minute: on the average of the second."""
        self._latest: dict[str, tuple[int, float]] = {}
        """By edge: the second of its last row, and how many hear it at its end."""
        self._peak = (0.0, 0)
        """Of the seconds before; and which."""
        self._lobby: dict[str, tuple[int, int, bool]] = {}
        """Of each edge's last row: its second, who waited, and whether somebody is hidden."""
        self._sums: dict[str, int] = defaultdict(int)
        self._ways: dict[str, int] = defaultdict(int)
        self._first_sound: list[int] = []
        self._came, self._stayed = sketch.Sketch(), sketch.Sketch()
        self._waits = Waits()
        self._hidden = self._plays_hidden = False
        self._days: dict[int, DayTally] = defaultdict(DayTally)

    def hear(self, row: EdgeSecond) -> None:
        """Adds a row; one that came already, or does not know the space, changes nothing."""
        one = row.spaces.get(self.space)
        seen = self._seen[row.edge] if one is not None else {}
        if one is None or row.at_ms in seen:
            return
        seen[row.at_ms] = None
        if len(seen) > MOST_SEEN:
            del seen[next(iter(seen))]
        first, last = self._times
        self._times = (min(first, row.at_ms) if self._rows else row.at_ms, max(last, row.at_ms))
        self._rows += 1
        second = row.second
        self._hearing[row.edge][second] = one.throughout
        self._latest[row.edge] = max(self._latest.get(row.edge, (0, 0.0)), (second, one.here))
        if second >= self._lobby.get(row.edge, (0,))[0]:
            self._lobby[row.edge] = second, one.lobby, one.hidden
        for name in SUMS:
            self._sums[name] += getattr(one, name)
        for way, times in one.ways.items():
            self._ways[way] += times
        self._first_sound = delays.together((self._first_sound, one.first_sound))
        self._came.grow(one.clients)
        self._stayed.grow(one.stayed)
        middle_s = row.at_ms / 1000 - row.span_s / 2  # a busy edge's row may be of two seconds
        self._waits.hear(middle_s, one.told, one.let_in, one.halvings)
        self._hidden |= one.hidden
        self._plays_hidden |= one.plays_hidden
        if one.plays or one.robots:
            new = NewPlays(one.plays, one.robots, one.players, one.players_halvings)
            self._days[row.at_ms // DAY_MS].hear(row.edge, new)
        if len(self._hearing[row.edge]) > 2 * KEPT_S:
            self._settle(self._times[1] // 1000 - KEPT_S)

    def _settle(self, until: int) -> None:
        """The seconds before ``until`` count as they are, and are forgotten."""
        standing = {second: hearing for second, hearing in _standing(self._hearing).items() if second < until}
        self._peak = max((self._peak, *_peaks(standing)))
        self._hearing = defaultdict(dict, {edge: _since(kept, until) for edge, kept in self._hearing.items()})

    def counts(self) -> Counts | None:
        """The numbers as they stand; None when no row knows the space."""
        if not self._rows:
            return None
        sums = self._sums
        standing = _standing(self._hearing)
        last = max(standing)
        peak, at_second = max((self._peak, *_peaks(standing)))
        at_end = [one for one in self._lobby.values() if one[0] + CARRIED_S > last]
        lobby = [waiting for _, waiting, _ in at_end]
        minutes = (sums["sound_chunks"] * grid.CHUNK_S + sums["parts"] * PART_S) / 60
        hidden = any(one[2] for one in at_end)
        devices, waited, waited_s = self._waits.count()
        days = {_date(day): tally.count(SIGMAS) for day, tally in sorted(self._days.items())}
        counts = Counts(
            space=self.space,
            rows=self._rows,
            edges=len(self._seen),
            since_ms=self._times[0],
            until_ms=self._times[1],
            hearing=_exact("hearing", round(self._now(last)), hidden),
            peak=_exact("peak", round(peak), self._hidden, at_ms=-at_second * 1000),
            lobby=Figure(
                max(lobby, default=0), max(lobby, default=0), sum(lobby), METHODS["lobby"], None, sums["unnamed"] > 0
            ),
            refused=_exact("refused", sums["turned_away"]),
            refused_devices=_of_sample("refused_devices", devices, self._waits.halvings),
            waited=_of_sample("waited", waited, self._waits.halvings),
            waited_minutes=_of_sample("waited_minutes", devices, self._waits.halvings, each=waited_s / 60),
            joins=_exact("joins", sums["joins"]),
            minutes=_exact("minutes", round(minutes, 2), self._hidden),
            skipped=_exact("skipped", round(sums["skipped_chunks"] * grid.CHUNK_S / 60, 2)),
            first_sound_ms=_first_sound(self._first_sound),
            listeners=_people("listeners", self._stayed.count(), sums["stayed_unnamed"], self._hidden),
            unique=_people("unique", self._came.count(), sums["unnamed"], self._hidden),
            ways=dict(sorted(self._ways.items())),
        )
        return with_plays(counts, days, at_least=self._plays_hidden)

    def _now(self, last: int) -> float:
        """Who hears it in the newest second: rows of one second come one after the other, so of some edges it is still
        that of the second before.
        """
        return sum(here for second, here in self._latest.values() if second + CARRIED_S > last)


SUMS = ("turned_away", "joins", "sound_chunks", "skipped_chunks", "parts", "unnamed", "stayed_unnamed")
"""What is added up over the rows, by its name in ``SpaceSecond``."""


def count(space: str, rows: Iterable[EdgeSecond]) -> Counts | None:
    """Of rows in any order; None when none knows the space."""
    tally = AudienceTally(space)
    for row in sorted((row for row in rows if space in row.spaces), key=lambda row: (row.at_ms, row.edge)):
        tally.hear(row)
    return tally.counts()


def kept_key(space: str) -> str:
    """Under which key the numbers of a space are kept as an object, a :class:`Counts` as JSON."""
    return f"counts/{space}.json"


def public(data: bytes) -> bytes:
    """What everybody may read of kept numbers, as JSON; no figures where they are of another version."""
    try:
        counts = msgspec.json.decode(data, type=Counts)
    except msgspec.DecodeError:
        return b'{"figures":{}}'
    figures = {name: getattr(counts, name) for name in METHODS}
    return msgspec.json.encode({"since_ms": counts.since_ms, "until_ms": counts.until_ms, "figures": figures})


def with_plays(counts: Counts, days: Mapping[str, DayPlays], *, at_least: bool = False) -> Counts:
    """With the plays of those days, and their sums."""
    robots = sum(day.robots for day in days.values())
    value, low, high = (sum(getattr(day, name) for day in days.values()) for name in ("plays", "low", "high"))
    at_least = at_least or counts.plays.at_least
    return msgspec.structs.replace(
        counts,
        plays=Figure(value, low, high, METHODS["plays"], None, at_least),
        plays_gross=Figure(value + robots, low + robots, high + robots, METHODS["plays_gross"], None, at_least),
        days=dict(days),
    )


def _date(day: int) -> str:
    """Of a number of days since 1970."""
    return datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + day).isoformat()


def _people(name: str, seen: float, unnamed: int, at_least: bool = False) -> Figure:
    """``unnamed``: who came through a proxy that named nobody is at least one, and at most as many as came."""
    least = seen or float(unnamed > 0)
    low, high = seen * (1 - SIGMAS * sketch.ERROR), seen * (1 + SIGMAS * sketch.ERROR) + unnamed
    return Figure(
        round(least), round(low) or round(least), round(high), METHODS[name], at_least=at_least or unnamed > 0
    )


def _of_sample(name: str, sampled: int, halvings: int, each: float = 1.0) -> Figure:
    """``sampled`` devices of one in 2^``halvings``, each with so much of something."""
    share: float = 0.5**halvings
    value = sampled / share
    error = SIGMAS * (max(1, sampled) * (1 - share)) ** 0.5 / share
    low, high = max(float(sampled), value - error), value + error
    return Figure(round(value * each, 2), round(low * each, 2), round(high * each, 2), METHODS[name])


def _first_sound(counted: Iterable[int]) -> Figure:
    """Of none: 0."""
    found = delays.quantile(list(counted), FIRST_SOUND_SHARE)
    low, high = (found.low_ms, found.high_ms) if found else (0, 0)
    return Figure(high, low, high, METHODS["first_sound_ms"])


def _exact(name: str, value: float, at_least: bool = False, at_ms: int | None = None) -> Figure:
    return Figure(value, value, value, METHODS[name], at_ms, at_least)


def _standing(seconds: Mapping[str, Mapping[int, float]]) -> dict[int, float]:
    """By second: how many hear the space, with what an edge said last for the seconds that it left out."""
    total: dict[int, float] = defaultdict(float)
    for by_second in seconds.values():
        ordered = sorted(by_second)
        for second, following in zip(ordered, [*ordered[1:], ordered[-1] + 1], strict=True):
            total[second] += by_second[second]
            for each in range(second + 1, following if following - second <= CARRIED_S else second + 1):
                # one that has begun anew had nobody, and those whom it had are counted where they went
                total[each] += min(by_second[second], by_second.get(following, 0))
    return dict(total)


def _peaks(standing: Mapping[int, float]) -> Iterable[tuple[float, int]]:
    """How many heard it in a second, and that second as less than nothing: of equals the first is the largest."""
    return ((hearing, -second) for second, hearing in standing.items())


def _since(by_second: Mapping[int, float], until: int) -> dict[int, float]:
    """What is needed of an edge for the seconds from ``until`` on: with the last before, which may be carried over."""
    return {second: hearing for second, hearing in by_second.items() if second >= until - CARRIED_S}
