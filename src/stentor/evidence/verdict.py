"""What it was: a crowd, an attack, both, a fault of one's own, nothing, or nobody knows. Pure: rows in, verdict out.

The rules in plain words: docs/explanation/verdict.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from stentor.evidence import faults
from stentor.evidence.kinds import HOSTILE, Kind
from stentor.evidence.load import LISTENER_US, Demand, Portion, Resource, hostile_part, known_late, loads
from stentor.evidence.row import EdgeSecond, SpaceSecond
from stentor.evidence.sources import CONNECTION_US, REQUEST_US

LEAST_SHARE = 0.1
"""Of the load: below that nobody is accused. A carrier's address with thousands behind it came to 7 % at most."""
NEAR = 0.8
"""Of a tenth: closer than two hundredths of the load the two cannot be told apart."""
UNTOLD_SHARE = 0.25
"""Of the load: if so much may be hostile, and is not known to be, nobody can tell."""
FLOOD_S = 60
"""Edges' seconds. Where nothing was full, who had less than a tenth of a resource in the minute in which they had most
is accused of nothing, whatever part of a quiet evening it was: programs that look for paths do that to every site."""
LEAST_COVER = 0.9
"""Of the traffic: a verdict shares out all of it."""
NEEDED = 0.6
"""The door may narrow a little before something is full (the ladder's first rung); below that it need not."""
AFTER_MS = 150_000
"""Edges serve a space for two minutes after its end."""
TURNED_AWAY = 20
"""Times; fewer are a moment, no evening."""


class Outcome(StrEnum):
    """The six verdicts."""

    NOTHING_WAS_FULL = "NOTHING WAS FULL"
    POPULARITY = "POPULARITY"
    ATTACK = "ATTACK"
    MIXED = "MIXED"
    SELF_INFLICTED = "SELF-INFLICTED"
    UNKNOWN = "UNKNOWN"


class Sign(msgspec.Struct, frozen=True):
    """Something that hostile sources would show."""

    name: str
    times: int
    sources: int
    """The most in any second."""
    share: float
    """Of what all sources did of it."""


class NightVerdict(msgspec.Struct, frozen=True):
    """What is said, and what it is said by. Shares of a resource: 1.0 is all of it."""

    space: str
    finding: Outcome
    reason: str
    cover: float
    """Portion of the traffic that was seen."""
    accuses: bool
    """Whether so much is attributed to hostile sources that they may be named."""
    loads: list[Demand]
    """The first is what the verdict is about."""
    without: Portion | None
    """Where its resource would have stood without hostile sources."""
    signs: list[Sign]
    turned_away: dict[str, int]
    rows: int
    edges: int
    since_ms: int
    until_ms: int
    by: Resource | None = None
    """Of what somebody is accused of having taken: what was full, or what stood a flood."""


def judge(space: str, rows: Iterable[EdgeSecond]) -> NightVerdict | None:
    """None when no row knows the space. A row that comes twice counts once."""
    by_time = {(row.edge, row.at_ms): row for row in rows if space in row.spaces}
    kept = _on_air([by_time[key] for key in sorted(by_time)], space)
    if not kept:
        return None
    found, seen = loads(kept), cover(kept)
    accused = found[0] if found and accuses(found[0]) else None
    finding, reason = _finding(kept, found, seen, accused=accused is not None)
    if finding is Outcome.NOTHING_WAS_FULL and (accused := _flooded(found, kept)) is not None:
        reason += _absorbed(kept, accused)
    if finding in (Outcome.UNKNOWN, Outcome.SELF_INFLICTED):
        accused = None
    return NightVerdict(
        space,
        finding,
        reason,
        seen,
        accused is not None,
        found,
        found[0].audience if found else None,
        signs(kept, flocked=bool(found) and found[0].flocked),
        faults.turned_away(kept),
        len(kept),
        len({row.edge for row in kept}),
        min(row.at_ms for row in kept),
        max(row.at_ms for row in kept),
        accused.resource if accused else None,
    )


def _flooded(found: Iterable[Demand], rows: Sequence[EdgeSecond]) -> Demand | None:
    """Of all that was not full the resource of which hostile sources took most, if that is worth a word."""
    of = [load for load in found if accuses(load)]
    if of:
        rows = known_late(rows)
    of = [load for load in of if _in_a_minute(rows, load) >= LEAST_SHARE]
    return max(of, key=lambda load: load.hostile.value, default=None)


def _in_a_minute(rows: Sequence[EdgeSecond], load: Demand) -> float:
    """What hostile sources had of the resource at least, on the average of the minute in which they had most of it."""
    had = sorted((hostile_part(row, load.resource, flocked=load.flocked) for row in rows), reverse=True)
    return sum(had[:FLOOD_S]) / FLOOD_S * load.hostile.low / load.hostile.value


def _on_air(rows: Sequence[EdgeSecond], space: str) -> list[EdgeSecond]:
    """Without those of later, which tell of plays of the recording and only when there are any."""
    last_ms = max((row.at_ms for row in rows if _has_audience(row.spaces[space])), default=0)
    if not last_ms:
        return [row for row in rows if not (row.spaces[space].plays or row.spaces[space].robots)]
    return [row for row in rows if row.at_ms <= last_ms + AFTER_MS]


def _has_audience(one: SpaceSecond) -> bool:
    return bool(one.hearing or one.asking or one.lobby or one.joins or one.turned_away)


def accuses(load: Demand) -> bool:
    """Whether what is attributed to hostile sources is more than a tenth of all, and more than its own interval."""
    hostile = load.hostile
    whole = max(load.used.value, 1e-9)
    return hostile.low >= LEAST_SHARE * whole and hostile.value > hostile.high - hostile.low


def cover(rows: Sequence[EdgeSecond]) -> float:
    """Portion of the traffic that was seen: of rows that are there, and of requests of those whom a proxy names.

    Seconds without a row had as much as the busier one of the rows before and after. A proxy's connections are
    nobody's: what comes through them is named, or not, by their requests."""
    by_edge: dict[str, list[EdgeSecond]] = defaultdict(list)
    for row in rows:
        by_edge[row.edge].append(row)
    missing = sum(
        max(0, round((after.at_ms - before.at_ms) / 1000 - after.span_s)) * max(_traffic(before), _traffic(after))
        for each in by_edge.values()
        for before, after in pairwise(each)
    )
    seen = sum(_traffic(row) * row.span_s for row in rows)
    asked = sum(row.requests for row in rows)
    unnamed = sum(requests for row in rows for source, requests, _ in row.costliest if source == 0)
    return (seen / (seen + missing) if missing else 1.0) * (1 - unnamed / asked if asked else 1.0)


def _traffic(row: EdgeSecond) -> float:
    """A second: requests, connections and streams, by what they cost against each other."""
    hearing = sum(one.hearing for one in row.spaces.values())
    done = REQUEST_US * row.requests + CONNECTION_US * (row.accepted + row.full + row.crowded)
    return done / row.span_s + LISTENER_US * hearing


def _finding(rows: Sequence[EdgeSecond], found: Sequence[Demand], seen: float, accused: bool) -> tuple[Outcome, str]:
    own = next(faults.first(rows), None)
    if own is not None:
        return Outcome.SELF_INFLICTED, faults.SAID[own]
    anew = [fault for fault in faults.others(rows, found) if fault is faults.OwnFault.RESTART]
    if seen < LEAST_COVER and not anew:
        return Outcome.UNKNOWN, f"Only {seen:.0%} of the traffic was seen."
    if not found or not any(row.kinds for row in rows):
        return Outcome.UNKNOWN, "The rows are of a version that does not say how much there was room for."
    first = found[0]
    if accused and first.full_seconds:
        return _who(first)
    own = next(faults.others(rows, found), None)
    if own is not None:
        return Outcome.SELF_INFLICTED, faults.SAID[own]
    if first.full_seconds and _near_a_tenth(first):
        return Outcome.MIXED, "Whether others than the audience had a tenth of it lies within the interval."
    if first.full_seconds and first.hostile.high > UNTOLD_SHARE * first.used.value and first.audience.low < 1.0:
        return Outcome.UNKNOWN, "Too much came from sources that were gone before anybody could tell what they want."
    if first.full_seconds:
        return Outcome.POPULARITY, "There were more people than room, and nobody else who mattered."
    away = faults.turned_away(rows)
    if sum(away.values()) - away.get("address", 0) >= TURNED_AWAY and first.used.value < NEEDED:
        return Outcome.SELF_INFLICTED, faults.SAID[faults.OwnFault.NEEDLESS]
    return Outcome.NOTHING_WAS_FULL, "There was room for all who came."


def _near_a_tenth(load: Demand) -> bool:
    """Whether hostile sources are not accused, and yet come near to a tenth of what was full and may have had it, and
    the audience alone may not have filled it."""
    tenth = LEAST_SHARE * load.used.value
    return load.hostile.high >= tenth and load.hostile.value >= NEAR * tenth and load.audience.low < 1.0


def _who(load: Demand) -> tuple[Outcome, str]:
    """A resource was full, and hostile sources had more than a tenth of it."""
    audience, ahead = load.audience, load.ahead
    if audience.low >= 1.0:
        return Outcome.POPULARITY, "The audience alone would have filled it, whatever else came."
    if audience.high < 1.0:
        if ahead.low > 0:
            return Outcome.ATTACK, "Without hostile sources there would have been room, and they were the larger part."
        if ahead.high < 0:
            return (
                Outcome.MIXED,
                "Without hostile sources there would have been room; the audience was the larger part.",
            )
    return Outcome.MIXED, "Which of the two would have filled it alone cannot be told: it lies within the interval."


def signs(rows: Sequence[EdgeSecond], *, flocked: bool = False) -> list[Sign]:
    """All that is looked for, whether it was seen or not. Times are estimates where the sample is one."""
    names = {
        Kind.SILENT: "connections that ask for nothing",
        Kind.RETURNING: "connections again and again, each for a moment",
        Kind.HASTY: "more requests than any player or page sends",
        Kind.FLEETING: "listeners who are gone at once, again and again",
        Kind.STUCK: "listeners who take nothing",
        Kind.FLOCKING: "very many that come again and again, each for a moment and one or two things",
    }
    whole = sum(_did(row, kind) for row in rows for kind in Kind) or 1
    found = []
    for kind, name in names.items():
        if kind is Kind.FLOCKING and not flocked:  # a few monitors
            found.append(Sign(name, 0, 0, 0.0))
            continue
        did = sum(_did(row, kind) for row in rows)
        most = max((row.kinds[kind].sources * 2**row.halvings for row in rows if len(row.kinds) > kind), default=0)
        found.append(Sign(name, did, most, did / whole))
    return found


def _did(row: EdgeSecond, kind: Kind) -> int:
    if len(row.kinds) <= kind:
        return 0
    one = row.kinds[kind]
    return (one.requests + one.connections) << row.halvings


def _absorbed(rows: Sequence[EdgeSecond], load: Demand) -> str:
    requests = connections = 0
    kinds = (*HOSTILE, Kind.FLOCKING) if load.flocked else HOSTILE
    for row in rows:
        for each in kinds:
            if each < len(row.kinds):
                requests += row.kinds[each].requests * 2**row.halvings
                connections += row.kinds[each].connections * 2**row.halvings
    return f" An attack of {requests:,} requests and {connections:,} connections was absorbed."
