"""What an edge says of itself once a second, and what it has heard of all edges: any of them answers ``/metrics``."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from stentor.base import grid
from stentor.base.clock import Clock, unix_ms
from stentor.bus.connection import Bus
from stentor.bus.evidence import CountsHeard
from stentor.bus.installation import InstallationHeard
from stentor.bus.status import FRESH_S, READS_DELAY, READS_NAMES, READS_PRIVATE, READS_SPANS, SpaceStatus, Status
from stentor.edge import metrics
from stentor.edge.channel import Channel
from stentor.edge.worker import Worker

MOST_EDGES = 1000
"""Of which the newest word is kept, 4 kB each; the one unheard longest goes first."""


def heartbeat(
    worker: Worker, channels: Mapping[str, Channel], instance: str, *, ahead: int = 0, problem: str = ""
) -> Status:
    """``ahead``: messages refused because they lie ahead of this clock."""
    now = worker.clock()
    numbers: dict[str, float] = {
        **metrics.numbers(worker),
        READS_SPANS: 1.0,
        READS_NAMES: 1.0,
        READS_PRIVATE: 1.0,
        READS_DELAY: 1.0,
        "listeners": worker.listeners,
        "skipped": worker.counters.skipped,
        "write_interval_s": worker.pace.chunks * grid.CHUNK_S,
        "out_bps": worker.meter.out_bps,
        "ahead": ahead,
        **msgspec.structs.asdict(worker.meter.load),
    }
    spaces: dict[str, SpaceStatus] = {}
    for space, channel in channels.items():
        window, newest = channel.window, channel.newest()
        if window is None or newest is None:
            continue
        counts = channel.counts()
        outside = channel.outside(worker.now)
        late_s = now - grid.chunk_start(window.head + 1, window.doors_open_s)
        spaces[space] = SpaceStatus(
            chunk=window.head,
            listeners=sum(counts.values()),
            formats=counts,
            waiting=len(outside),
            places=outside.smallest(),
            source=newest.source,
            lag_ms=0 if window.finished else max(0, round(late_s * 1000)),
            rung=channel.rung,
            fillers=window.fillers,
            problem="The programme's chunks do not come; the hold music plays." if newest.filler else "",
            reactions=dict(channel.reactions),
            players=round(channel.players, 3),
        )
        numbers["fillers"] = numbers.get("fillers", 0) + window.fillers
        for form, count in counts.items():
            numbers[f"listeners_{form}"] = numbers.get(f"listeners_{form}", 0) + count
    return Status("edge", instance, unix_ms(now), os.getpid(), spaces, numbers, problem)


class EdgesHeard:
    """The newest heartbeat of every edge, and what houses tell of the rest, read only when somebody asks.

    ``clock`` is any steady one, in seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts, self._installation = CountsHeard(), InstallationHeard(clock)
        self.told = metrics.ToldByHouses(self._counts.of, self._installation.now, self._counts.spaces)
        self._heard: dict[str, tuple[float, bytes]] = {}

    async def start(self, bus: Bus) -> None:
        """Listens for as long as the bus lives."""
        await self._counts.start(bus)
        await self._installation.start(bus)
        await bus.subscribe("status.edge.>", self.hear)

    def hear(self, subject: str, payload: bytes) -> None:
        self._heard.pop(subject, None)
        self._heard[subject] = (self._clock(), payload)
        if len(self._heard) > MOST_EDGES:
            del self._heard[next(iter(self._heard))]

    def fresh(self, own: Status) -> list[Status]:
        """Those heard of in the last 3 s, and ``own`` in place of what was not heard: without the bus it is alone.

        Of itself, too, an edge tells what all have heard: else a counter would seem to go back when another is asked.
        """
        found: dict[str, Status] = {own.instance: own}
        for heard, payload in self._heard.values():
            if self._clock() - heard > FRESH_S:
                continue
            try:
                status = msgspec.json.decode(payload, type=Status)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # a newer or a broken process; the others count
            found[status.instance] = status
        return list(found.values())
