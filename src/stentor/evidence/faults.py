"""Faults of one's own that turn an audience away or look like too many: each with what it shows in rows. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from stentor.evidence.kinds import HOSTILE, Kind
from stentor.evidence.load import PART_S, Demand, Resource, is_full, used
from stentor.evidence.row import EdgeSecond

ROOM_ELSEWHERE = 0.5
"""With all who were outside, everything but a number that was set would have stood below this: it was set too low."""
OTHERS_FULL = 0.25
"""Of the seconds: when everybody comes at once, the processor is full for a moment."""
LATE_MS = 200
OWN_SHARE = 0.6
"""An edge that is so late and uses less of its processor than this did not get it."""
FAILED_SHARE = 0.02
DONE_SHARE = 0.02
"""Of TLS handshakes; however hard an attack is, some of the audience get through."""
ONE_SOURCE = 0.8
FEW_SOURCES = 5
BY_PAGES = 0.5
"""Of the sound that is heard: if those hear so much who ask in haste, it is what they were given that asks. Floods take
no sound."""
SECONDS = 5
AGAIN_MS = 60_000
TIMES = 20
LISTENERS = 10


class OwnFault(StrEnum):
    """What the operator or the software did wrong."""

    LIMIT = "limit"
    PROCESSOR = "processor"
    ERRORS = "errors"
    CERTIFICATE = "certificate"
    RESTART = "restart"
    PROXY = "proxy"
    PAGES = "pages"
    HELD = "held"
    NEEDLESS = "needless"


SAID = {
    OwnFault.LIMIT: "A limit that was set was reached while there was room for more.",
    OwnFault.PROCESSOR: "Edges did not get the processor: something else on the machine had it.",
    OwnFault.ERRORS: "Edges failed at requests (status 500): their log says why.",
    OwnFault.CERTIFICATE: "TLS handshakes began and none was done: certificate or clock are wrong.",
    OwnFault.RESTART: "Edges were ended or began anew, and sent their listeners away.",
    OwnFault.PROXY: "One source had nearly everything and was limited for it: a proxy whose word is not taken "
    "(STENTOR_TRUSTED_PROXIES).",
    OwnFault.PAGES: "Those who listen asked far too often themselves: the pages that they were given do.",
    OwnFault.HELD: "The audience was limited on purpose, and whoever was outside was told so.",
    OwnFault.NEEDLESS: "People were told to wait while there was room.",
}


def first(rows: Sequence[EdgeSecond]) -> Iterator[OwnFault]:
    """Those that look like an attack: they are looked for before one."""
    if _hasty_listeners(rows):
        yield OwnFault.PAGES
    if _certificate(rows):
        yield OwnFault.CERTIFICATE
    if _proxy(rows):
        yield OwnFault.PROXY


def others(rows: Sequence[EdgeSecond], found: Sequence[Demand]) -> Iterator[OwnFault]:
    """Those that look like a crowd."""
    late = sum(row.lag_ms >= LATE_MS and (used(row, Resource.PROCESSOR) or 1.0) < OWN_SHARE for row in rows)
    if late >= SECONDS:
        yield OwnFault.PROCESSOR
    failed, asked = sum(row.failed for row in rows), sum(row.requests for row in rows)
    if failed >= TIMES and failed > FAILED_SHARE * asked:
        yield OwnFault.ERRORS
    away = turned_away(rows)
    if away.get("leaving", 0) > sum(away.values()) / 2 or _began_anew(rows):
        yield OwnFault.RESTART
    if away.get("limited", 0) > sum(away.values()) / 2:
        yield OwnFault.HELD
    if found and found[0].full_seconds and _room_elsewhere(rows, found):
        yield OwnFault.LIMIT


def turned_away(rows: Iterable[EdgeSecond]) -> dict[str, int]:
    """Times by reason."""
    total: dict[str, int] = defaultdict(int)
    for row in rows:
        for reason, times in row.turned_away.items():
            total[reason] += times
        total["no connection"] += row.full
        total["address"] += row.crowded + row.hasty
    return {reason: times for reason, times in total.items() if times}


def _room_elsewhere(rows: Sequence[EdgeSecond], found: Sequence[Demand]) -> bool:
    """Whether a number that was set was reached while a machine has room for all who came.

    Where connections are full nobody comes in, and the processor has little to do: that it was full before counts."""
    first, resource = found[0], found[0].resource
    machine = (Resource.PROCESSOR, Resource.LINE)
    longest = max((load.full_seconds for load in found if load.resource in machine), default=0)
    if resource in machine or longest > OTHERS_FULL * first.full_seconds:
        return False
    full = [row for row in rows if is_full(row, resource)]
    shares = [
        sum(known) / len(known)
        for each in (Resource.PROCESSOR, Resource.LINE, Resource.CONNECTIONS)
        if each is not resource and (known := [share for row in full if (share := used(row, each)) is not None])
    ]
    return bool(shares) and max(shares) * max(1.0, first.audience.value) < ROOM_ELSEWHERE


def _hasty_listeners(rows: Sequence[EdgeSecond]) -> bool:
    """In so many of the seconds in which anybody listens."""
    seconds = hasty = 0
    for row in (row for row in rows if row.kinds):
        heard = [kind.hearing + PART_S * kind.parts for kind in row.kinds]
        if sum(heard) >= LISTENERS:
            seconds += 1
            hasty += heard[Kind.HASTY] >= BY_PAGES * sum(heard)
    return hasty >= SECONDS and hasty > seconds / 3


def _certificate(rows: Sequence[EdgeSecond]) -> bool:
    begun = done = bad = 0
    for row in rows:
        if row.tls[0] and row.tls[1] <= DONE_SHARE * row.tls[0]:
            bad += 1
            begun, done = begun + row.tls[0], done + row.tls[1]
    return bad >= SECONDS and begun >= TIMES and done <= DONE_SHARE * begun


def _proxy(rows: Sequence[EdgeSecond]) -> bool:
    """One source has it all, also those who listen, and is refused."""
    bad = 0
    for row in rows:
        sources = sum(kind.sources for kind in row.kinds) * 2**row.halvings
        joins = sum(one.joins + one.hearing for one in row.spaces.values())
        if row.crowded + row.hasty and sources <= FEW_SOURCES and joins and row.costliest:
            whole = row.accepted + row.requests + row.crowded
            _, requests, connections = row.costliest[0]
            bad += requests + connections >= ONE_SOURCE * whole
    return bad >= SECONDS


def _began_anew(rows: Sequence[EdgeSecond]) -> bool:
    """An edge lost nearly all its connections from one row to the next, though nobody was hostile, and they came again
    somewhere: at the end of a talk they do not."""
    by_edge: dict[str, list[EdgeSecond]] = defaultdict(list)
    for row in rows:
        by_edge[row.edge].append(row)
    for each in by_edge.values():
        each.sort(key=lambda row: row.at_ms)
        for before, after in pairwise(each):
            ended = before.spaces.keys() - after.spaces.keys()
            lost = before.open >= TIMES and after.open < before.open / 5 and not ended and not _hostile(before)
            if lost and _came_again(before, after, rows):
                return True
    return False


def _came_again(before: EdgeSecond, after: EdgeSecond, rows: Sequence[EdgeSecond]) -> bool:
    """Within a minute half of those who were sent away made a connection; what came in that second came before."""
    came = sum(row.accepted for row in rows if after.at_ms < row.at_ms <= before.at_ms + AGAIN_MS)
    return came >= (before.open - after.open) / 2


def _hostile(row: EdgeSecond) -> bool:
    return sum(row.kinds[each].open for each in HOSTILE if each < len(row.kinds)) > row.open / 10
