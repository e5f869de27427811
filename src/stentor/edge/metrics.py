"""``/metrics`` in the text format of Prometheus: of all edges, as their heartbeats say, whichever of them is asked."""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from stentor.base.vitals import memory_bytes
from stentor.bus.installation import Installation
from stentor.bus.status import Status
from stentor.edge import exported
from stentor.edge.channel import Channel
from stentor.edge.worker import Worker
from stentor.evidence.counts import METHODS, Counts
from stentor.wire.http import Request

TYPE = CONTENT_TYPE_LATEST
Row = tuple[str, str, Callable[[Worker], float]]
GAUGES: Final[tuple[Row, ...]] = (
    ("connections", "Open connections.", lambda worker: worker.open),
    ("capacity", "Connections this process may have.", lambda worker: worker.capacity),
    ("places", "Listeners this process takes at once; 0 when it is being ended.", lambda worker: worker.places),
    ("places_left", "How many more may begin to listen.", lambda worker: worker.places_left),
    ("sent_bits_per_second", "What goes out, over 3.84 s.", lambda worker: worker.meter.out_bps),
    ("memory_bytes", "Memory in use.", lambda worker: memory_bytes()),
    (
        "line_ratio",
        "Share of the line in use; 0 when STENTOR_LINE_MBPS is not set.",
        lambda worker: worker.meter.load.line,
    ),
    ("cpu_ratio", "Share of one processor in use.", lambda worker: worker.meter.load.cpu),
    ("lag_seconds", "How late this process is for its own timers.", lambda worker: worker.meter.load.lag),
    ("slow_ratio", "Share of chunks that listeners were too slow for.", lambda worker: worker.meter.load.slow),
    ("forwarding", "Requests to the house that are under way.", lambda worker: worker.forwarded.busy),
    (
        "write_interval_seconds",
        "Seconds of sound in a progressive write.",
        lambda worker: worker.pace.chunks * 0.32,
    ),
    (
        "certificate_seconds",
        "Seconds until the certificate ends.",
        lambda worker: math.nan if worker.tls is None else worker.tls.left_s(),
    ),
    (
        "common_tickets",
        "1 where TLS tickets hold at every edge, 0 where at this one only.",
        lambda worker: math.nan if worker.tls is None else worker.tls.common_tickets,
    ),
)
COUNTERS: Final[tuple[Row, ...]] = (
    ("accepted", "Connections taken.", lambda worker: worker.accepted),
    ("refused", "Connections refused because the process is full.", lambda worker: worker.refused),
    (
        "crowded",
        "Connections refused: their address had too many.",
        lambda worker: worker.addresses.refused_connections,
    ),
    ("hasty", "Requests refused: their address sent too many.", lambda worker: worker.addresses.refused_requests),
    ("requests", "Requests answered.", lambda worker: worker.requests),
    ("malformed", "Connections closed because they did not speak HTTP.", lambda worker: worker.malformed),
    ("failed", "Requests answered 500: a fault of ours, see the log.", lambda worker: worker.failed),
    ("timed_out", "Connections closed because they were too slow.", lambda worker: worker.timed_out),
    ("forwarded", "Requests passed on to the house.", lambda worker: worker.forwarded.count),
    ("house_away", "Requests that the house did not answer.", lambda worker: worker.forwarded.away),
    ("arrivals", "Listeners let in: streams, and index playlists of HLS.", lambda worker: worker.arrivals),
    ("joins", "Progressive listeners that began.", lambda worker: worker.counters.joins),
    ("writes", "Writes to progressive listeners.", lambda worker: worker.counters.writes),
    ("replied_bytes", "Bytes of replies, and of what listeners get at once.", lambda worker: worker.replied_bytes),
    (
        "sent_bytes",
        "Bytes written to progressive listeners after their first.",
        lambda worker: worker.counters.bytes_sent,
    ),
    ("skipped_chunks", "Chunks that slow listeners were not sent.", lambda worker: worker.counters.skipped),
)
TURNED_AWAY: Final = "turned_away/"
FREE: Final = "disk_free_bytes/"
LEFT: Final = "disk_hours_left/"
"""How numbers with a label of their own are called in a heartbeat: the label's value follows."""


def numbers(worker: Worker) -> dict[str, float]:
    """What a worker's heartbeat says for this page. What is not there, such as a certificate, is left out."""
    told = {name: float(read(worker)) for name, _, read in GAUGES + COUNTERS}
    told |= {f"{TURNED_AWAY}{reason}": float(times) for reason, times in worker.turned_away.items()}
    for each in worker.room():
        told |= {f"{FREE}{each.place}": float(each.free_bytes), f"{LEFT}{each.place}": each.hours_left}
    return {name: value for name, value in told.items() if math.isfinite(value)}  # JSON has no infinity


class ToldByHouses(NamedTuple):
    """The numbers of a space, and all processes that are not edges."""

    counts: Callable[[str], Counts | None] = lambda _: None
    installation: Callable[[], Installation] = Installation
    counted: Callable[[], Sequence[str]] = tuple
    """All spaces that have ``counts``; those that changed last come last."""


class Numbers(Collector):
    """Everything that edges count. An edge of another version tells what it knows, and the rest is left out."""

    def __init__(
        self,
        edges: Iterable[Status],
        told: ToldByHouses,
        channels: Mapping[str, Channel] | None,
        over: Collection[str] = (),
    ) -> None:
        self._told, self._channels, self._installation = told, channels or {}, told.installation()
        self._hidden: Callable[[str], bool] = (lambda _: False) if channels is None else partial(hidden, channels, over)
        self._edges = sorted(edges, key=lambda edge: edge.instance)

    def collect(self) -> Iterator[Metric]:
        for name, text, _ in GAUGES:
            yield self._family(GaugeMetricFamily(f"stentor_edge_{name}", text, labels=["edge"]), name)
        for name, text, _ in COUNTERS:
            yield self._family(CounterMetricFamily(f"stentor_edge_{name}", text, labels=["edge"]), name)
        yield self._turned_away()
        yield from self._of_spaces()
        yield from self._of_disks()
        yield from self._counts()
        yield from exported.families(self._edges, self._installation, self._channels, self._hidden)

    def _counts(self) -> Iterator[Metric]:
        """The numbers of all spaces as houses add them up: recordings are played when no edge carries them any more."""
        named = [space for space in sorted(self._told.counted()) if not self._hidden(space)]
        counts = [counts for space in named if (counts := self._told.counts(space)) is not None]
        for name, method in METHODS.items():
            family = GaugeMetricFamily(f"stentor_space_{name}", f"{method[0].upper()}{method[1:]}.", labels=["space"])
            for each in counts:
                family.add_metric([each.space], getattr(each, name).value)
            yield family

    def _family(self, family: GaugeMetricFamily | CounterMetricFamily, name: str) -> Metric:
        for edge in self._edges:
            if name in edge.numbers:
                family.add_metric([edge.instance], edge.numbers[name])
        return family

    def _turned_away(self) -> Metric:
        family = CounterMetricFamily(
            "stentor_edge_turned_away", "Joins that were told to wait, by reason.", labels=["edge", "reason"]
        )
        for edge in self._edges:
            for reason, times in labelled(edge.numbers, TURNED_AWAY):
                family.add_metric([edge.instance, reason], times)
        return family

    def _of_spaces(self) -> Iterable[Metric]:
        listeners = GaugeMetricFamily(
            "stentor_edge_listeners", "Listeners by space and format.", labels=["edge", "space", "format"]
        )
        waiting = GaugeMetricFamily(
            "stentor_edge_waiting", "Devices told to wait, that asked here lately.", labels=["edge", "space"]
        )
        chunk = GaugeMetricFamily("stentor_edge_chunk", "Newest chunk sent.", labels=["edge", "space"])
        fillers = CounterMetricFamily(
            "stentor_edge_fillers", "Chunks this edge filled in itself.", labels=["edge", "space"]
        )
        rung = GaugeMetricFamily("stentor_edge_rung", "Rung of the ladder.", labels=["edge", "space"])
        for edge in self._edges:
            for space, seen in edge.spaces.items():
                if self._hidden(space):
                    continue
                labels = [edge.instance, space]
                for form, count in seen.formats.items():
                    listeners.add_metric([*labels, form], count)
                waiting.add_metric(labels, seen.waiting)
                rung.add_metric(labels, seen.rung)
                chunk.add_metric(labels, seen.chunk)
                fillers.add_metric(labels, seen.fillers)
        yield from (listeners, waiting, chunk, fillers, rung)

    def _of_disks(self) -> Iterable[Metric]:
        labels = ["edge", "disk"]
        free = GaugeMetricFamily("stentor_disk_free_bytes", "Room where this is kept, on this machine.", labels=labels)
        hours = GaugeMetricFamily("stentor_disk_hours_left", "Hours until it is full, at this pace.", labels=labels)
        for edge in self._edges:
            for place, free_bytes in labelled(edge.numbers, FREE):
                free.add_metric([edge.instance, place], free_bytes)
                hours.add_metric([edge.instance, place], edge.numbers.get(f"{LEFT}{place}", math.inf))
        yield from (free, hours)


def labelled(told: Mapping[str, float], prefix: str) -> Iterator[tuple[str, float]]:
    """What a heartbeat says under names that begin so: the rest of each name, and its number."""
    for name, value in told.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), value


def may_read(request: Request, token: bytes) -> bool:
    """Numbers are for operators, who have the token; for others there is nothing under that address."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token)


def hidden(channels: Mapping[str, Channel], over: Collection[str], space: str) -> bool:
    """Whether a space is private, or not known here: it is counted in the sums of edges, and has no label.

    ``over`` are those that have left the board and that everybody may know of."""
    channel = channels.get(space)
    return space not in over if channel is None else channel.space.private


def render(
    edges: Iterable[Status],
    told: ToldByHouses = ToldByHouses(),  # noqa: B008 (it is frozen)
    channels: Mapping[str, Channel] | None = None,
    over: Collection[str] = (),
) -> bytes:
    """The page. Spaces that are private, or neither among the ``channels`` nor ``over``, are not named; without
    channels all are."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers(edges, told, channels, over))
    return generate_latest(registry)
