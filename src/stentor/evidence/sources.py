"""Where the load of a second came from: the costliest sources exactly, and of all sources a sample. Pure.

A source is an address, or the half of an IPv6 address that one customer has (``crowd.addresses``). Which sources are in
the sample is decided by a hash that all edges compute alike, so that it is the same ones everywhere; while there are
few, it is all of them. What leaves a process names none: sums by how far its sources came.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

import msgspec

from stentor.evidence.kinds import HOSTILE, Kind, kind
from stentor.evidence.prefixes import PrefixSum, crowded

COSTLIEST = 64
"""Sources a row names."""
MOST = 16_384
"""Sources that are followed; when there are more, half of them are let go. 3 MB."""
FORGOTTEN_S = 600
"""A source that was silent for so long begins anew."""
OUTSIDE_S = 8
"""Who got no connection and has not tried for so long has gone."""
LOOK_BACK_S = 120
"""Who was followed for longer before it did harm is not judged for what it did until then."""
LOOK_S = 8
"""So often a source is looked at that holds connections and does nothing else."""
HASH_BITS = 64
REQUEST_US = 30
CONNECTION_US = 60
TLS_US = 1_500
"""What a source is charged for a request, a connection, and one with TLS; only their ratios matter, for the order."""


class Reach(IntEnum):
    """How far a source has come."""

    CAME = 0
    """Connections, and no request."""
    ASKED = 1
    WAITED = 2
    """Asked at the door, and was told to wait or got a ticket."""
    LET_IN = 3


class Trace:
    """One source of the sample. Whoever counts adds to it."""

    __slots__ = (
        "again", "anew", "asked", "barred", "came", "choked", "choked_s", "connections", "far", "heard_s", "hearing",
        "held_s", "hls", "joined_s", "joins", "kind", "known", "most_open", "mute_s", "open", "parts", "quits",
        "refused", "requests", "seconds", "silent_s", "sound", "stalls", "tries", "waited", "waits",
    )  # fmt: skip

    def __init__(self) -> None:
        self.requests = self.connections = self.refused = self.waited = self.anew = self.barred = 0
        """Of this second: ``waited`` are the requests that were told to wait, ``anew`` those of them for which a
        connection was made; ``barred`` the connections for which there was no room."""
        self.again = self.parts = self.hls = 0
        """Of this second, too: other requests on connections that had been told to wait, parts of HLS, and those of
        ``waited`` that asked for HLS."""
        self.far = Reach.CAME
        self.silent_s = 0
        self.open = self.most_open = self.hearing = self.choked = 0
        """Connections that it holds, the most that it held, those that hear a stream, and of these such that take
        nothing (``edge.taking``)."""
        self.asked = self.came = self.joins = self.quits = self.waits = self.stalls = self.tries = 0
        """Since it is followed: requests, connections, times let in, of those gone at once, times told to wait,
        connections that took nothing until they were closed, and such for which there was no room."""
        self.sound = 0
        """Parts of HLS since then."""
        self.held_s = self.heard_s = self.joined_s = self.mute_s = self.seconds = self.choked_s = 0.0
        """Seconds of connections held and of streams heard, those since each time it was let in and stayed, those
        before it asked for anything, those that it is followed, and of streams that took nothing until now."""
        self.kind = Kind.NEW
        self.known = Kind.NEW
        """Whether it was hostile already, or flocking."""


class ReachSum(msgspec.Struct, frozen=True, array_like=True):
    """What the sampled sources of one stage did in a second."""

    sources: int = 0
    """Those that did anything."""
    requests: int = 0
    connections: int = 0
    refused: int = 0
    """Connections and requests beyond what one address may have."""


class Late(msgspec.Struct, frozen=True, array_like=True):
    """What sources that are known as hostile since this second had done before, on another kind's account."""

    sources: int = 0
    seconds: int = 0
    """That they were followed, summed."""
    requests: int = 0
    connections: int = 0
    open_s: int = 0
    hearing_s: int = 0


class KindSum(msgspec.Struct, frozen=True, array_like=True):
    """What the sampled sources of one kind did in a second; ``open`` and ``hearing`` are as they stand at its end."""

    sources: int = 0
    """Those that did anything or held a connection."""
    requests: int = 0
    connections: int = 0
    open: int = 0
    hearing: int = 0
    """Connections that hear a stream."""
    waits: int = 0
    """Of the requests those that were told to wait."""
    anew: int = 0
    """Of the connections those that were told to wait at their first request."""
    barred: int = 0
    """Connections for which there was no room; not among ``connections``."""
    guests: int = 0
    """Times that those of the sources were let in, and stayed, that have asked for more than that."""
    outside: int = 0
    """Sources that never got a connection and tried within the last seconds; not among ``sources``."""
    late: Late | None = None
    """What is to be taken off this kind's account in the seconds before, since it was hostile sources that did it."""
    parts: int = 0
    """Parts of HLS, 0.96 s each, that the sources asked for; a segment has four."""
    again: int = 0
    """Of the requests those on connections that had been told to wait, without ``waits`` and the page's pulse: the page
    once more, the door."""
    flocked: Late | None = None
    """As ``late``, of sources that flock."""
    hls: int = 0
    """Of ``waits`` those that asked for HLS."""


class Sample:
    """``hashed`` gives 64 evenly spread bits of a source, the same at each edge."""

    def __init__(self, hashed: Callable[[str], int], *, most: int = MOST) -> None:
        self.halvings = 0
        """One source in 2 to the power of this is in the sample."""
        self.hashed, self._most = hashed, most
        self._traces: dict[str, Trace] = {}
        self.on_hostile: Callable[[str, Kind, int, int], None] | None = None
        """Told of each hostile source, once a second: who it is, its kind, its requests and connections."""
        self.kinds = [KindSum() for _ in Kind]
        """What :meth:`taken` has found, by kind (``evidence.kinds``)."""

    def __len__(self) -> int:
        return len(self._traces)

    def trace(self, source: str) -> Trace | None:
        """The record of a source; None when it is not in the sample. A look-up, or a hash where it is new."""
        found = self._traces.get(source)
        if found is None and self._holds(source):
            found = self._traces[source] = Trace()
            while len(self._traces) > self._most:
                self.halvings += 1
                self._traces = {each: trace for each, trace in self._traces.items() if self._holds(each)}
            return self._traces.get(source)
        return found

    def taken(self, passed_s: float = 1.0) -> list[ReachSum]:
        """What was added since this was asked last, by stage. By kind it is in :attr:`kinds` then."""
        sums = [[0, 0, 0, 0] for _ in Reach]
        kinds: list[list[Any]] = [[0] * 10 + [None, 0, 0, None, 0] for _ in Kind]
        late: dict[tuple[str, Kind], list[int]] = {}
        over: list[str] = []
        for source, trace in self._traces.items():
            trace.seconds += passed_s
            if trace.open:
                trace.held_s += passed_s * trace.open
                trace.most_open = max(trace.most_open, trace.open)
            trace.heard_s += passed_s * trace.hearing
            trace.joined_s += passed_s * (trace.joins - trace.quits)
            trace.choked_s = trace.choked_s + passed_s * trace.choked if trace.choked else 0.0
            if not (trace.requests or trace.connections or trace.refused or trace.barred):
                trace.silent_s += 1
                if trace.open:
                    if not trace.asked:
                        trace.mute_s += passed_s
                    # seldom: most hear, and do nothing else
                    unsure = not trace.asked or trace.choked or trace.kind is Kind.STUCK
                    if unsure or int(trace.seconds) % LOOK_S == 0:
                        _look(trace, late)
                    _add(kinds[trace.kind], trace)
                    self._tell(source, trace)
                elif not trace.came and trace.silent_s < OUTSIDE_S:
                    kinds[trace.kind][9] += 1
                elif trace.silent_s > FORGOTTEN_S:
                    over.append(source)
                continue
            trace.asked += trace.requests
            trace.came += trace.connections
            trace.tries += trace.barred
            trace.sound += trace.parts
            if trace.came and not trace.asked:
                trace.mute_s += passed_s
            _look(trace, late)
            _add(kinds[trace.kind], trace)
            self._tell(source, trace)
            if trace.requests and trace.far is Reach.CAME:
                trace.far = Reach.ASKED
            one = sums[trace.far]
            one[0] += 1
            one[1] += trace.requests
            one[2] += trace.connections
            one[3] += trace.refused
            trace.requests = trace.connections = trace.refused = trace.silent_s = 0
            trace.waited = trace.anew = trace.barred = trace.again = trace.parts = trace.hls = 0
        for source in over:
            del self._traces[source]
        if not self._traces:
            self.halvings = 0
        self.kinds = [KindSum(*one) for one in kinds]
        for (field, number), sums_of in late.items():
            self.kinds[number] = msgspec.structs.replace(self.kinds[number], **{field: Late(*sums_of)})
        return [ReachSum(*one) for one in sums]

    def prefixes(self) -> list[PrefixSum]:
        """The networks that many of them are of. A third of a microsecond a source: not for each second."""
        return crowded(
            (source, trace.asked + trace.requests, trace.came + trace.connections)
            for source, trace in self._traces.items()
        )

    def _tell(self, source: str, trace: Trace) -> None:
        if self.on_hostile is not None and trace.kind in HOSTILE:
            self.on_hostile(source, trace.kind, trace.requests, trace.connections)

    def _holds(self, source: str) -> bool:
        return not self.halvings or self.hashed(source) >> (HASH_BITS - self.halvings) == 0


def named(hashed: int) -> int:
    """How a row names a source, by half of its hash: of 64 sources two have one name in one of two million rows. 0 is
    nobody's."""
    return hashed >> 32 or 1


def _look(trace: Trace, late: dict[tuple[str, Kind], list[int]]) -> None:
    """Which kind it is of; when it is known as hostile now (or flocks), what it did before is to be put on that
    account."""
    before, trace.kind = trace.kind, kind(trace)
    hostile = trace.kind in HOSTILE
    if trace.known in HOSTILE or not (hostile or (trace.kind is Kind.FLOCKING and not trace.known)):
        return
    trace.known = trace.kind
    if trace.seconds > LOOK_BACK_S or before in HOSTILE:
        return
    sums = late.setdefault(("late" if hostile else "flocked", before), [0] * 6)
    sums[0] += 1
    sums[1] += round(trace.seconds) - 1
    sums[2] += trace.asked - trace.requests
    sums[3] += trace.came - trace.connections
    sums[4] += round(trace.held_s) - trace.open
    sums[5] += round(trace.heard_s) - trace.hearing


def _add(sums: list[int], trace: Trace) -> None:
    sums[0] += 1
    sums[1] += trace.requests
    sums[2] += trace.connections
    sums[3] += trace.open
    sums[4] += trace.hearing
    sums[5] += trace.waited
    sums[6] += trace.anew
    sums[7] += trace.barred
    if trace.asked > trace.joins + trace.waits:
        sums[8] += trace.joins - trace.quits
    sums[9] += not trace.came
    sums[11] += trace.parts
    sums[12] += trace.again
    sums[14] += trace.hls


def costliest(
    asked: Mapping[str, int], came: Mapping[str, int], *, connection_us: int, most: int = COSTLIEST
) -> list[tuple[str, int, int]]:
    """The sources that cost most: each with its requests and connections, the costliest first.

    Exact, as long as ``asked`` and ``came`` hold everybody.
    """

    def cost(source: str) -> tuple[int, str]:
        return asked.get(source, 0) * REQUEST_US + came.get(source, 0) * connection_us, source

    return [(each, asked.get(each, 0), came.get(each, 0)) for each in heapq.nlargest(most, {*asked, *came}, key=cost)]
