"""What filled an edge, and who: of each resource the share that the audience had, the share of hostile sources. Pure.

A load is a share of what there is: 1.0 is full. What is beyond that was told to wait or refused, and is estimated from
who waits. Shares of a processor follow from counts and from what a request, a connection and a listener cost against
each other; that the whole is what the processor did, an edge has measured.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from stentor.evidence.kinds import HOSTILE, Kind
from stentor.evidence.row import EdgeSecond
from stentor.evidence.sources import CONNECTION_US, REQUEST_US, TLS_US, KindSum, Late

LISTENER_US = 9
"""A second of a stream (docs/explanation/measured.md)."""
HLS_ASKS = 2.1
"""Requests a second of low-latency HLS."""
NEARLY: Final = 0.98
"""Of places and connections: a few come and go within a second."""
BUSY: Final = 0.9
"""Of a processor and a line: above that what waits for them grows."""
HELD_BACK: Final = 0.7
"""While the door is narrow, it keeps an edge there: it narrows at three quarters of the places, rung 2 is at 75 %."""
FEWEST = 5
"""Edges' seconds; a shorter stop is none."""
BUSIEST = 0.1
"""Where nothing was full, the tenth of the seconds with the highest load is looked at."""
WAITING_ERROR = 0.12
"""Each edge knows who waits there; of several edges one has not seen all, and some have gone since they asked."""
COST_ERROR = 0.11
"""Of what requests, connections and listeners cost against each other: each differs by 8 % from machine to machine."""
TWO_SIGMA = 1.96
TURNED_ERROR = 0.2
"""Of what it costs to tell somebody to wait, against other requests."""
AGAIN_S = 1.0, 4.0, 8.0
"""Who was refused a connection comes again after so long: at least, where nobody knows, at most."""
AGAIN_ERROR = 0.2
MOST_HELD = 6.0
"""Connections of one browser."""
PART_S = 0.96
FLOCK, FLOCK_SHARE = 2.0, 0.1
"""Sources that come a second, each again and again and to no end, and what they take of a resource: a site has a few
monitors and readers of feeds, and they take next to nothing."""
FLOCK_ERROR = 0.1
"""Of what such sources took: monitors are among them."""


class Resource(StrEnum):
    """What can be full."""

    PLACES = "places"
    CONNECTIONS = "connections"
    PROCESSOR = "processor"
    LINE = "line"


class Portion(msgspec.Struct, frozen=True):
    """Of what there is of a resource; 1.0 is all of it."""

    value: float
    low: float
    high: float


class Demand(msgspec.Struct, frozen=True):
    """One resource over those of its seconds that are judged."""

    resource: Resource
    full_seconds: int
    """Edges' seconds in which it was full; 0 when the busiest are judged instead."""
    since_ms: int
    until_ms: int
    used: Portion
    audience: Portion
    """What the audience took, and those who waited would have taken."""
    hostile: Portion
    flocked: bool = False
    """Whether those that flock are among the hostile ones."""
    ahead: Portion = msgspec.field(default_factory=lambda: Portion(0.0, -1.0, 1.0))
    """By how much hostile sources had more than the audience has and would have."""


def used(row: EdgeSecond, resource: Resource) -> float | None:
    """None where nobody knows how much there is."""
    room = row.room
    taken, most = {
        Resource.PLACES: (float(sum(one.hearing for one in row.spaces.values())), room.places),
        Resource.CONNECTIONS: (float(row.open), room.connections),
        Resource.PROCESSOR: (row.cpu_ms / row.span_s, room.cpu_ms),
        Resource.LINE: (8.0 * row.sent_bytes / row.span_s, room.line_bps),
    }[resource]
    return taken / most if most else None


def is_full(row: EdgeSecond, resource: Resource) -> bool:
    share = used(row, resource)
    if share is None:
        return False
    if row.turned_away.get("waiting") and resource is not Resource.CONNECTIONS and share >= HELD_BACK:
        return True
    if resource is Resource.PLACES:
        return share >= NEARLY or row.turned_away.get("full", 0) > 0
    if resource is Resource.CONNECTIONS:
        return share >= NEARLY or row.full > 0
    return share >= BUSY


def loads(rows: Sequence[EdgeSecond]) -> list[Demand]:
    """Of all resources whose size is known; the one that was full longest comes first."""
    waiting, rows = _waiting(rows), known_late(rows)
    found = [load for resource in Resource if (load := _load(resource, rows, waiting)) is not None]
    return sorted(found, key=lambda load: (-load.full_seconds, -load.used.value))


def hostile_part(row: EdgeSecond, resource: Resource, *, flocked: bool = False) -> float:
    """What hostile sources had of a resource in that second; 1.0 is all of it. Without what is known of them later.
    ``flocked``: those that flock are among them."""
    weights = _weights(row, resource)
    every = sum(weights) or 1.0
    kinds = (*HOSTILE, Kind.FLOCKING) if flocked else HOSTILE
    return (used(row, resource) or 0.0) * sum(weights[each] for each in kinds if each < len(weights)) / every


def judged(rows: Iterable[EdgeSecond], resource: Resource) -> tuple[list[EdgeSecond], int]:
    """The rows by which a resource is judged, and in how many it was full: these are they, or when they are few (then
    it is 0) the busiest."""
    known = [row for row in rows if used(row, resource) is not None]
    full = [row for row in known if is_full(row, resource)]
    if len(full) >= FEWEST:
        return full, len(full)
    known.sort(key=lambda row: used(row, resource) or 0.0, reverse=True)
    return known[: max(FEWEST, math.ceil(BUSIEST * len(known)))], 0


def _load(resource: Resource, rows: Sequence[EdgeSecond], waiting: dict[int, float]) -> Demand | None:
    these, full_seconds = judged(rows, resource)
    if not these:
        return None
    parts = [_parts(row, resource, waiting.get(row.second, 0.0)) for row in these]
    total, hostile, unsure, brief, wait, turned, flock = (sum(each) / len(parts) for each in zip(*parts, strict=True))
    refused = _refused(these) if resource is Resource.CONNECTIONS else 0.0
    flocking = sum(_of(row, Kind.FLOCKING).sources << row.halvings for row in these)
    flocked = flock >= FLOCK_SHARE and flocking >= FLOCK * len(these)
    if flocked:
        hostile += flock
    untold = min(max(0.0, total - hostile), unsure + brief + (0.0 if flocked else flock))
    theirs = _error(these, resource, hostile, total), FLOCK_ERROR * flock * flocked
    others = TURNED_ERROR * turned, WAITING_ERROR * wait, AGAIN_ERROR * refused
    audience = total - hostile - turned + wait + refused
    error = math.hypot(*theirs)
    low, high = max(0.0, hostile - error), min(total, hostile + error + untold)
    lead = hostile - audience
    known = min(unsure / 2, untold)
    return Demand(
        resource,
        full_seconds,
        min(row.at_ms for row in these),
        max(row.at_ms for row in these),
        Portion(total, total, total),
        _portion(audience, math.hypot(*theirs, *others), -untold, -known),
        Portion(hostile + known, low, high),
        flocked,
        Portion(
            lead + 2 * known,
            lead - math.hypot(2 * error, *others),
            lead + 2 * untold + math.hypot(2 * error, *others),
        ),
    )


def _portion(most: float, error: float, untold: float, known: float) -> Portion:
    """``most`` if all who are not known belong to it: so much less at most, and so much less by half of them."""
    return Portion(most + known, max(0.0, most + untold - error), most + error)


def known_late(rows: Sequence[EdgeSecond]) -> list[EdgeSecond]:
    """The rows, with what sources had done before they were known as hostile on that account.

    It is spread evenly over as many seconds as they were followed for, what they did seldom over the first of these;
    all of it is put to the first hostile kind."""
    by_edge: dict[str, list[EdgeSecond]] = defaultdict(list)
    for row in rows:
        by_edge[row.edge].append(row)
    found = []
    for each in by_edge.values():
        each.sort(key=lambda row: row.at_ms)
        moved: dict[int, list[_Moved]] = defaultdict(list)
        for at, row in enumerate(each):
            for number, one in enumerate(row.kinds):
                for to, late in ((Kind.FLOCKING, one.flocked), (Kind.SILENT, one.late)):
                    if late is not None and late.sources:
                        for second, amounts in _spread(late, at):
                            moved[second].append((number, to, amounts))
        found += [_with_late(row, moved[at]) if at in moved else row for at, row in enumerate(each)]
    return found


_Moved = tuple[int, Kind, Sequence[float]]
"""From which kind, to which, and how many requests, connections, connections held and streams heard."""


def _spread(late: Late, known_at: int) -> Iterator[tuple[int, Sequence[float]]]:
    """By second. Who sent two requests sent them when it came."""
    seconds = max(1, round(late.seconds / late.sources))
    sums = late.requests, late.connections, late.open_s, late.hearing_s
    over = [min(seconds, max(1, math.ceil(one / late.sources))) for one in sums]
    for second in range(max(0, seconds - known_at), seconds):
        yield (
            known_at - seconds + second,
            [one / of if second < of else 0.0 for one, of in zip(sums, over, strict=True)],
        )


def _with_late(row: EdgeSecond, moved: Sequence[_Moved]) -> EdgeSecond:
    sums = [list(msgspec.structs.astuple(kind)[1:5]) for kind in row.kinds]
    for number, to, amounts in moved:
        if to >= len(sums) or number >= len(sums):  # that edge was of an older version then
            continue
        for at, amount in enumerate(amounts):
            share = min(sums[number][at], amount)
            sums[number][at] -= share
            sums[to][at] += share
    kinds = [
        msgspec.structs.replace(kind, **dict(zip(("requests", "connections", "open", "hearing"), one, strict=True)))
        for kind, one in zip(row.kinds, sums, strict=True)
    ]
    return msgspec.structs.replace(row, kinds=kinds)


def _parts(row: EdgeSecond, resource: Resource, waiting: float) -> tuple[float, ...]:
    """In shares of the resource: all that was used, by hostile sources, by those who asked nothing yet, by brief
    visits; what they would take who wait, what it cost to tell them so, and what was used by those that flock."""
    total = used(row, resource) or 0.0
    weights = _weights(row, resource)
    every = sum(weights) or 1.0
    hostile = hostile_part(row, resource)
    unsure = total * weights[Kind.NEW] / every if weights else 0.0
    brief = total * weights[Kind.VISITING] / every if weights else 0.0
    brief += total * _unseen(row)
    wait = 0.0
    heard = sum(one.hearing + one.asking for one in row.spaces.values())
    asking = _asking(row)
    if resource is Resource.PLACES:
        wait = waiting * (1 - asking) / row.room.places
    elif resource is not Resource.CONNECTIONS and heard:
        wait = waiting * (LISTENER_US + REQUEST_US * HLS_ASKS * asking) * total / (every * 2**row.halvings)
    turned = total * _turned_us(row) / every if resource is Resource.PROCESSOR else 0.0
    flock = total * weights[Kind.FLOCKING] / every if len(weights) > Kind.FLOCKING else 0.0
    return total, hostile, unsure, brief, wait, turned, flock


def _of(row: EdgeSecond, kind: Kind) -> KindSum:
    """Edges of older versions know fewer kinds."""
    return row.kinds[kind] if kind < len(row.kinds) else KindSum()


def _ordinary(row: EdgeSecond) -> Sequence[KindSum]:
    return row.kinds[: Kind.SILENT]


def _asking(row: EdgeSecond) -> float:
    """The part of the audience that has HLS, and takes no place: of those inside by the sound that they take (who asks
    for playlists and takes none is no listener), of those outside by what they ask for."""
    asking = sum(one.asking for one in row.spaces.values())
    hostile = sum(_of(row, kind).hearing for kind in HOSTILE) * 2**row.halvings
    streams = max(0.0, sum(one.hearing for one in row.spaces.values()) - hostile)
    if len(row.kinds) > Kind.FLOCKING:  # earlier versions did not count parts
        outside = sum(kind.hls for kind in _ordinary(row))
        streams += max(0, sum(kind.waits for kind in _ordinary(row)) - outside) * 2**row.halvings
        asking = round((PART_S * sum(kind.parts for kind in _ordinary(row)) + outside) * 2**row.halvings)
    return asking / (asking + streams) if asking > 0 else 0.0


def _turned_us(row: EdgeSecond) -> float:
    """What it cost to tell the audience to wait: had there been room, they would not have asked again."""
    connection_us = TLS_US if row.tls[0] else CONNECTION_US
    return float(sum((kind.waits + kind.again) * REQUEST_US + kind.anew * connection_us for kind in _ordinary(row)))


def _unseen(row: EdgeSecond) -> float:
    """Portion of the requests and connections that the sample says nothing of: few sources may have had much."""
    exact = row.requests + row.accepted
    seen = sum(kind.requests + kind.connections for kind in row.kinds) * 2**row.halvings
    return max(0.0, 1.0 - seen / exact) if exact and row.halvings else 0.0


def _refused(rows: Sequence[EdgeSecond]) -> float:
    """Of all connections the share that the audience would hold, had there been room for those that were refused:
    as many each as they hold who came in. Who holds some already may be one who wants one more, or another."""
    new = more = outside = held = people = room = 0.0
    for row in (row for row in rows if row.kinds):
        scale, ordinary = 2**row.halvings, _ordinary(row)
        barred = [kind.barred for kind in ordinary]
        new += scale * barred[Kind.NEW]
        more += scale * (sum(barred) - barred[Kind.NEW])
        if not any(kind.barred for kind in row.kinds):  # an edge of an older version, that does not say whom it refused
            more += row.full * sum(kind.connections for kind in ordinary) / max(1, row.accepted)
        outside += scale * sum(kind.outside for kind in ordinary)
        held += scale * sum(kind.open for kind in ordinary)
        people += sum(one.hearing + one.asking for one in row.spaces.values())
        room += row.room.connections
    each = min(MOST_HELD, max(1.0, held / people)) if people else 1.0
    least_s, usual_s, most_s = AGAIN_S
    again_s = min(most_s, max(least_s, outside / new)) if new else usual_s
    return (outside * each + more * again_s * (1 + each) / 2) / room if room else 0.0


def _weights(row: EdgeSecond, resource: Resource) -> list[float]:
    """What the sources of each kind took, all in one unit."""
    if resource is Resource.PLACES:
        return [float(kind.hearing) for kind in row.kinds]
    if resource is Resource.CONNECTIONS:
        return [float(kind.open) for kind in row.kinds]
    if resource is Resource.LINE:
        # what a source is sent is not counted; a listener's second is 8 kB and a reply about 2
        return [4.0 * kind.hearing + kind.requests for kind in row.kinds]
    return cost_us(row)


def cost_us(row: EdgeSecond) -> list[float]:
    """Processor time of each kind in the sample."""
    silent = row.kinds[Kind.SILENT] if len(row.kinds) > Kind.SILENT else KindSum()
    scale = 2**row.halvings
    speaking = sum(kind.connections for kind in row.kinds) - silent.connections
    handshakes = row.tls[0] / scale
    # who is silent may not even begin a handshake; all others do
    begun = max(0.0, handshakes - speaking)
    found = []
    for number, kind in enumerate(row.kinds):
        shaken = (begun if number == Kind.SILENT else kind.connections) if handshakes else 0.0
        connections = kind.connections * CONNECTION_US + shaken * (TLS_US - CONNECTION_US)
        found.append(kind.requests * REQUEST_US + connections + kind.hearing * LISTENER_US)
    return found


def _waiting(rows: Iterable[EdgeSecond]) -> dict[int, float]:
    """By second: the devices that wait, as the edge says that knows most; an equal part for each edge."""
    told: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        told[row.second].append(sum(one.lobby for one in row.spaces.values()))
    return {second: max(lobbies) / len(lobbies) for second, lobbies in told.items()}


def _error(rows: Sequence[EdgeSecond], resource: Resource, hostile: float, total: float) -> float:
    """Of what hostile sources took: two standard errors of the sample, and that costs differ. Who has all of what was
    used has all of it whatever things cost."""
    scale = 2 ** max(row.halvings for row in rows)
    costs = 0.0
    if resource not in (Resource.PLACES, Resource.CONNECTIONS) and total:
        costs = COST_ERROR * hostile * (1 - min(1.0, hostile / total))
    if scale == 1:
        return costs
    seen = sum(_of(row, kind).sources for row in rows for kind in HOSTILE) / len(rows)
    return math.hypot(costs, hostile * min(1.0, TWO_SIGMA * math.sqrt(2 * (scale - 1) / max(1.0, seen * scale))))
