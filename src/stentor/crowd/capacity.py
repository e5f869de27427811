"""What a crowd needs: bits, requests, joins and edge processes for a number of listeners.

Every constant says where it is from: *measured* (on two shared cores, ``bench/``), *counted* (from the formats),
or *assumed* (an operator's rule). ``docs/explanation/planning.md`` has the formulas in words.
"""

from __future__ import annotations

from enum import StrEnum
from math import ceil

import msgspec

from stentor.base.errors import BadInput

PART_S = 0.96
SEGMENT_S = 3.84
TALK_S = 7200
"""Traffic and its price are given for a talk of two hours."""

LISTENER_US = 23.7
"""CPU of an edge process for a progressive listener and second, writes of 0.96 s. Measured: ``bench.fanout``."""
TLS_LISTENER = 1.37
"""The same with TLS, as a factor. Measured: ``bench.tls``; for requests assumed to be the same."""
JOIN_US = 1490
"""CPU of a join with a whole ECDSA handshake. Measured: ``bench.tls``."""
TLS_LISTENER_BYTES = 38_000
"""Memory of a listener in the process, with TLS. Measured: ``bench.tls``."""
PROCESS_REQUESTS = 31_662
"""LL-HLS parts of 6 kB that one process answers in a second, without TLS. Measured: ``bench.fanout``."""
BUSY = 0.5
"""A processor is planned half full: the other half is for what was not foreseen. Assumed."""
PORT_BPS = 10e9
PORT_BUSY = 0.6
"""Of a 10 Gbit/s port. Assumed: bursts fill the rest."""
PEAK = 3.0
"""The busiest second of an arrival has three times its mean. Assumed, after published ramps (2019: 18,000 a second)."""
PAGE_BYTES = 160_000
"""Page, style, scripts and hls.js, compressed. Counted."""
BURST_S = 12.0
"""Seconds of sound that an HLS player takes at its start. Assumed: three target durations."""
POINTS = 200
"""Places of a large CDN that ask us, each on its own. Assumed."""
RENDITIONS = 2
LEAK = 0.018
"""Requests that reach the origin though a cache should have answered. Facebook saw 1.8 % above a million viewers."""
WAITING_POLL_S = 4.0
"""Mean pause between two looks at ``door.json`` by who waits, as ``edge/door.py`` tells them."""
DOOR_BYTES = 1_200
"""``door.json`` with the head of its reply and TCP/IP. Counted."""
SERVER_PROCESSORS = 16
"""Of a server for edges. Assumed."""
USD_PER_GB = 0.005
"""A volume price of a CDN for 500 TB and more; list prices go up to 0.08. Read in November 2026."""
OWN_PROCESSES = 64
"""More edge processes of one's own than this are more trouble than a CDN. Assumed: four servers of 16 processors."""
SPARE = 1.2
"""A fifth more, so that machines can fail or be changed during a talk. Assumed."""
LEAST_PROCESSES = 2


class Transport(StrEnum):
    """How sound reaches listeners."""

    PROGRESSIVE = "progressive"
    LOW_LATENCY = "ll-hls"
    HLS = "hls"


class TransportLoad(msgspec.Struct, frozen=True):
    """One way for the whole crowd."""

    way: Transport
    listener_bps: float
    """What a listener takes from the network, headers of TCP/IP included."""
    egress_bps: float
    requests_per_s: float
    traffic_bytes: float
    """In two hours."""
    own_processes: int
    """Edge processes, each with a processor, when there is no CDN."""
    own_ports: int
    """Network ports of 10 Gbit/s for them."""
    driver: str
    """What the number of processes comes from: ``sound``, ``requests`` or ``joins``."""


class Plan(msgspec.Struct, frozen=True):
    """Everything about a crowd. Rates are per second."""

    listeners: int
    bitrate_bps: int
    arrive_s: float
    joins_per_s: float
    peak_joins_per_s: float
    join_bps: float
    """What pages, players and first seconds of sound take at the peak of the arrival."""
    waiting_requests_per_s: float
    """If all of them wait for doors that are not open yet; a cache may answer every one."""
    waiting_bps: float
    """What that takes."""
    loads: tuple[TransportLoad, ...]
    cdn: bool
    """Whether a CDN should stand in front."""
    cdn_usd: float
    """For the traffic of two hours of low-latency HLS."""
    origin_requests_per_s: float
    """What the edges get from a CDN that collapses requests: it does not depend on the number of listeners."""
    leaked_requests_per_s: float
    """What they get when it does not always."""
    origin_bps: float
    """The greater of the two, in bits: what leaves the edges for the CDN."""
    edge_processes: int
    """To run, by the advice given in ``cdn``."""
    edge_servers: int
    """Of 16 processors with a port of 10 Gbit/s each, for them."""
    edge_memory_bytes: float


def plan(listeners: int, *, bitrate_bps: int = 64_000, arrive_s: float = 300.0) -> Plan:
    """The plan for a crowd that arrives within ``arrive_s``. Raises :class:`BadInput` for numbers without sense."""
    if listeners < 1 or not 8_000 <= bitrate_bps <= 512_000 or arrive_s < 1:
        raise BadInput("A plan needs a listener or more, 8 to 512 kbit/s, and a second or more to arrive.")
    joins = listeners / arrive_s
    peak = min(joins * PEAK, float(listeners))
    loads = tuple(_load(way, listeners, bitrate_bps, peak) for way in Transport)
    page_way = next(load for load in loads if load.way is Transport.LOW_LATENCY)
    cdn = page_way.own_processes > OWN_PROCESSES
    origin = POINTS * RENDITIONS * 2 / PART_S
    leaked = page_way.requests_per_s * LEAK
    processes = _spared(max(origin, leaked) / (BUSY * PROCESS_REQUESTS)) if cdn else page_way.own_processes
    origin_bps = max(listener_bps(Transport.LOW_LATENCY, bitrate_bps) * origin * PART_S / 2, page_way.egress_bps * LEAK)
    ports = ceil(origin_bps / (PORT_BUSY * PORT_BPS)) if cdn else page_way.own_ports
    return Plan(
        listeners=listeners,
        bitrate_bps=bitrate_bps,
        arrive_s=arrive_s,
        joins_per_s=joins,
        peak_joins_per_s=peak,
        join_bps=peak * (PAGE_BYTES * 8 + BURST_S * bitrate_bps),
        waiting_requests_per_s=listeners / WAITING_POLL_S,
        waiting_bps=listeners / WAITING_POLL_S * DOOR_BYTES * 8,
        loads=loads,
        cdn=cdn,
        cdn_usd=page_way.traffic_bytes / 1e9 * USD_PER_GB,
        origin_requests_per_s=origin,
        leaked_requests_per_s=leaked,
        origin_bps=origin_bps,
        edge_processes=processes,
        edge_servers=max(ceil(processes / SERVER_PROCESSORS), ports),
        edge_memory_bytes=0.0 if cdn else float(listeners * TLS_LISTENER_BYTES),
    )


def listener_bps(way: Transport, bitrate_bps: float) -> float:
    """What one listener takes. Counted: containers, HTTP over TLS 1.3, TCP/IPv4 with timestamps, segments of 1,448."""
    if way is Transport.PROGRESSIVE:
        adts_bps = 7 * 8 * 48_000 / 1024
        write_bytes = (bitrate_bps + adts_bps) * PART_S / 8 + 31
        return bitrate_bps + adts_bps + 8 * (31 + 52 * ceil(write_bytes / 1448)) / PART_S
    seconds, playlist_bytes = (PART_S, 332) if way is Transport.LOW_LATENCY else (SEGMENT_S, 216)
    # moof and mdat, 4 bytes a frame; headers of two replies
    sound_bytes = bitrate_bps * seconds / 8 + 112 + 187.5 * seconds
    replies_bytes = playlist_bytes + 2 * 130
    packets = ceil((sound_bytes + 130) / 1448) + ceil((playlist_bytes + 130) / 1448)
    return 8 * (sound_bytes + replies_bytes + 52 * packets) / seconds


def requests_per_s(way: Transport) -> float:
    """Of one listener: a playlist and a file each time."""
    return {Transport.PROGRESSIVE: 0.0, Transport.LOW_LATENCY: 2 / PART_S, Transport.HLS: 2 / SEGMENT_S}[way]


def _load(way: Transport, listeners: int, bitrate_bps: int, peak_joins: float) -> TransportLoad:
    one_bps = listener_bps(way, bitrate_bps)
    egress = listeners * one_bps
    requests = listeners * requests_per_s(way)
    processors = {
        "sound": listeners * LISTENER_US * TLS_LISTENER / 1e6 if way is Transport.PROGRESSIVE else 0.0,
        "requests": requests / PROCESS_REQUESTS * TLS_LISTENER,
        "joins": peak_joins * JOIN_US / 1e6,
    }
    # The arrival is over when all are there: the larger of the two counts, not their sum.
    driver = max(processors, key=lambda name: processors[name])
    return TransportLoad(
        way=way,
        listener_bps=one_bps,
        egress_bps=egress,
        requests_per_s=requests,
        traffic_bytes=egress / 8 * TALK_S,
        own_processes=_spared(processors[driver] / BUSY),
        own_ports=ceil(egress / (PORT_BUSY * PORT_BPS)),
        driver=driver,
    )


def _spared(processes: float) -> int:
    return max(LEAST_PROCESSES, ceil(processes * SPARE))
