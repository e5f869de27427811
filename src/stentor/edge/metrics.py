"""``/metrics`` in the text format of Prometheus: of this worker, whichever the kernel gave the connection to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from stentor.edge.channel import Channel
from stentor.edge.load import memory_bytes
from stentor.edge.worker import Worker

TYPE = CONTENT_TYPE_LATEST


class Numbers(Collector):
    """Everything a worker counts."""

    def __init__(self, worker: Worker, channels: Mapping[str, Channel], instance: str) -> None:
        self._worker = worker
        self._channels = channels
        self._instance = instance

    def collect(self) -> Iterator[Metric]:
        worker, counters = self._worker, self._worker.counters
        label, load = self._instance, worker.meter.load
        for name, text, value in (
            ("connections", "Open connections.", worker.open),
            ("capacity", "Connections this process may have.", worker.capacity),
            ("places", "Listeners this process takes at once; 0 when it is being ended.", worker.places),
            ("places_left", "How many more may begin to listen.", worker.places_left),
            ("sent_bits_per_second", "What goes out, over 3.84 s.", worker.meter.out_bps),
            ("memory_bytes", "Memory in use.", memory_bytes()),
            ("line_ratio", "Share of the line in use; 0 when STENTOR_LINE_MBPS is not set.", load.line),
            ("cpu_ratio", "Share of one processor in use.", load.cpu),
            ("lag_seconds", "How late this process is for its own timers.", load.lag),
            ("slow_ratio", "Share of chunks that listeners were too slow for.", load.slow),
            ("forwarding", "Requests to the house that are under way.", worker.forwarded.busy),
            ("write_interval_seconds", "Seconds of sound in a progressive write.", worker.pace.chunks * 0.32),
        ):
            gauge = GaugeMetricFamily(f"stentor_edge_{name}", text, labels=["instance"])
            gauge.add_metric([label], value)
            yield gauge
        if worker.tls is not None:
            left = GaugeMetricFamily(
                "stentor_edge_certificate_seconds", "Seconds until the certificate ends.", labels=["instance"]
            )
            left.add_metric([label], worker.tls.left_s())
            yield left
        for name, text, value in (
            ("accepted", "Connections taken.", worker.accepted),
            ("refused", "Connections refused because the process is full.", worker.refused),
            ("crowded", "Connections refused: their address had too many.", worker.addresses.refused_connections),
            ("hasty", "Requests refused: their address sent too many.", worker.addresses.refused_requests),
            ("requests", "Requests answered.", worker.requests),
            ("malformed", "Connections closed because they did not speak HTTP.", worker.malformed),
            ("failed", "Requests answered 500: a fault of ours, see the log.", worker.failed),
            ("timed_out", "Connections closed because they were too slow.", worker.timed_out),
            ("forwarded", "Requests passed on to the house.", worker.forwarded.count),
            ("house_away", "Requests that the house did not answer.", worker.forwarded.away),
            ("arrivals", "Listeners let in: streams, and index playlists of HLS.", worker.arrivals),
            ("joins", "Progressive listeners that began.", counters.joins),
            ("writes", "Writes to progressive listeners.", counters.writes),
            ("replied_bytes", "Bytes of replies, and of what listeners get at once.", worker.replied_bytes),
            ("sent_bytes", "Bytes written to progressive listeners after their first.", counters.bytes_sent),
            ("skipped_chunks", "Chunks that slow listeners were not sent.", counters.skipped),
        ):
            counter = CounterMetricFamily(f"stentor_edge_{name}", text, labels=["instance"])
            counter.add_metric([label], value)
            yield counter
        yield from self._of_spaces()
        yield from self._of_disks()

    def _of_spaces(self) -> Iterable[Metric]:
        listeners = GaugeMetricFamily(
            "stentor_edge_listeners", "Listeners by space and format.", labels=["instance", "space", "format"]
        )
        chunk = GaugeMetricFamily("stentor_edge_chunk", "Newest chunk sent.", labels=["instance", "space"])
        fillers = CounterMetricFamily(
            "stentor_edge_fillers", "Chunks this edge filled in itself.", labels=["instance", "space"]
        )
        rung = GaugeMetricFamily("stentor_edge_rung", "Rung of the ladder.", labels=["instance", "space"])
        for space, channel in self._channels.items():
            if channel.window is None:
                continue
            for form, count in channel.counts().items():
                listeners.add_metric([self._instance, space, form], count)
            rung.add_metric([self._instance, space], channel.rung)
            chunk.add_metric([self._instance, space], channel.window.head)
            fillers.add_metric([self._instance, space], channel.window.fillers)
        yield from (listeners, chunk, fillers, rung)

    def _of_disks(self) -> Iterable[Metric]:
        labels = ["instance", "disk"]
        free = GaugeMetricFamily("stentor_disk_free_bytes", "Room where this is kept, on this machine.", labels=labels)
        hours = GaugeMetricFamily("stentor_disk_hours_left", "Hours until it is full, at this pace.", labels=labels)
        for each in self._worker.room():
            free.add_metric([self._instance, each.place], each.free_bytes)
            hours.add_metric([self._instance, each.place], each.hours_left)
        yield from (free, hours)


def render(worker: Worker, channels: Mapping[str, Channel], instance: str) -> bytes:
    """The page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers(worker, channels, instance))
    return generate_latest(registry)
