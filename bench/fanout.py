"""What a listener costs: Stentor's edge beside nginx, Icecast, an ASGI server and a bare C loop, in one run.

``python -m bench.fanout [--listeners 1000 5000 20000 100000] [--rate 1200] [--seconds 8] [--servers …]``. The
server has processor 0, the crowd of ``listeners.c`` processor 1; a server of several processes shares processor 0 among
them. A crowd comes within 4 to 40 s. All listen at 48 kbit/s. What differs: Stentor's streams, uvicorn's and the C
loop's are written every 0.96 s (Stentor's every 1.28 to 1.92 s where many listen), Icecast's as it comes; a new
listener gets 3.2 s at once, in the C loop 0.96 s. Players of HLS fetch a playlist and a segment of 3.84 s every 4 s,
from nginx the same files that the edge serves, and have three segments ahead. Measured are the server's processor time
and memory (user space: the kernel's for sockets is not in it) for each listener, the first sound after somebody was
due, and of each listener the longest pause; then how fast 5,000 who come within half a second are served, and 6 kB
parts and portraits a second over 64 kept lines. A server whose listeners' buffers run dry has broken, and larger crowds
are spared it. What was measured is written after each server. Ratios travel between machines, microseconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil

from bench import peers
from bench.kept import head, keep, state, watched
from bench.listeners import Met, Quantiles, Second, listen
from stentor.base.plot import plot

PICTURE: Final = Path(__file__).parents[1] / "docs" / "images" / "fanout.svg"
SIZES: Final = (1_000, 5_000, 20_000, 100_000)
ANY: Final = 1 << 20
"""Listeners: more than a run has."""
SERVERS: Final[dict[str, tuple[str, Callable[[int], AbstractContextManager[peers.Peer | None]], int]]] = {
    "stentor": ("Stentor", peers.stentor, ANY),
    "icecast": ("Icecast", peers.icecast, peers.ALONE),
    "asgi": ("ASGI", peers.asgi, ANY),
    "c_loop": ("C loop", peers.floor, peers.ALONE),
    "stentor_hls": ("Stentor HLS", peers.stentor_hls, ANY),
    "nginx_hls": ("nginx HLS", peers.nginx_hls, ANY),
}
"""Name for people, how to start it, and the most listeners that it takes."""
DRAWN: Final = ("stentor", "icecast", "asgi", "stentor_hls", "nginx_hls")
QUICKEST_S, SLOWEST_S = 4.0, 40.0
"""Within so long a crowd comes; in less than a segment's length players of HLS would stay in step."""
NEARLY: Final = 1.06
"""A size that is so little more than a server's most is driven with its most."""
CARRIED: Final = 0.99
"""Of the crowd; with less the server has broken."""
ENOUGH_KBIT: Final = 43.0
"""Of 48, over what was measured less one write: what comes at either end of it is chance."""
FULL: Final = 0.9
"""Of a processor: so much of the crowd's, and it may be the crowd that broke."""
STAMPEDE, STAMPEDE_RATE, STAMPEDE_S = 5_000, 10_000.0, 10.0


class Kind(NamedTuple):
    """How sound comes to a listener."""

    write_s: float
    """Seconds of sound in a write."""
    ahead_s: float
    """In hand when it begins."""
    settle_s: float
    """After the last has come, until it is measured: two writes, two rests of a player."""


STREAM, SEGMENTS = Kind(1.92, 3.2, 4.0), Kind(4.0, 11.52, 8.0)


class Watch:
    """Looks at a server's processes and at the crowd's whenever a second of the crowd has passed."""

    def __init__(self, processes: Sequence[psutil.Process]) -> None:
        self._processes = processes
        self._crowd: list[psutil.Process] = []
        self.samples: list[tuple[Second, float, float, float, int]] = []
        """How the crowd stands, when that is, processor seconds of server and crowd, and the server's bytes."""

    def look(self, pid: int, second: Second) -> None:
        if not self._crowd:
            self._crowd = [psutil.Process(pid), *psutil.Process(pid).children()]
        server_s, crowd_s = used_s(self._processes), used_s(self._crowd)
        self.samples.append((second, time.monotonic(), server_s, crowd_s, self.memory()))

    def memory(self) -> int:
        return sum(process.memory_info().rss for process in self._processes)


def used_s(processes: Sequence[psutil.Process]) -> float:
    """Their processor time; of those that are still there."""
    return sum(sum(process.cpu_times()[:2]) for process in processes if process.is_running())


def drive(peer: peers.Peer, count: int, rate: float, seconds: float) -> dict[str, Any]:
    """One crowd at one server."""
    watch = Watch(peer.processes)
    empty_bytes = watch.memory()
    come_s = min(max(count / rate, QUICKEST_S), SLOWEST_S)
    kind = SEGMENTS if peer.stream.endswith(".m3u8") else STREAM
    met = listen(peer.stream, count, count / come_s, kind.settle_s + seconds, watch.look)
    steady = [one for one in watch.samples if one[0].at_s >= met.at_s - seconds - 1]
    (first, began, server_before, crowd_before, _), (last, ended, server, crowd, full_bytes) = steady[0], steady[-1]
    playing, passed_s = max(1, last.playing), ended - began
    kbit = (last.sound_bytes - first.sound_bytes) * 8 / 1000 / playing
    dry = met.pause_s is None or met.pause_s.p99 > kind.ahead_s
    return {
        "listeners": count,
        "playing": last.playing,
        "kbit_per_s": round(kbit / passed_s, 1),
        "broke": last.playing < CARRIED * count or kbit < ENOUGH_KBIT * (passed_s - kind.write_s) or dry,
        "cpu_us_per_listener_second": round((server - server_before) * 1e6 / passed_s / playing, 2),
        "processors": round((server - server_before) / passed_s, 3),
        "crowd_processors": round((crowd - crowd_before) / passed_s, 3),
        "bytes_per_listener": round((full_bytes - empty_bytes) / playing),
        "processes": len(peer.processes),
        "joins_per_s": round(count / come_s),
        **delays(met),
    }


def delays(met: Met) -> dict[str, float | None]:
    """In milliseconds; the crowd's own lateness beside them."""
    return {
        "first_sound_p50_ms": _ms(met.first_sound_s, "p50"),
        "first_sound_p99_ms": _ms(met.first_sound_s, "p99"),
        "pause_p99_ms": _ms(met.pause_s, "p99"),
        "pause_most_ms": _ms(met.pause_s, "most"),
        "crowd_late_p99_ms": _ms(met.late_s, "p99"),
    }


def _ms(quantiles: Quantiles | None, which: str) -> float | None:
    return None if quantiles is None else round(getattr(quantiles, which) * 1000, 1)


def curve(name: str, sizes: Sequence[int], rate: float, seconds: float) -> list[dict[str, Any]] | None:
    """All sizes, until it breaks or there are more than it takes; None when it is not installed."""
    label, start, most = SERVERS[name]
    found: list[dict[str, Any]] = []
    for size in sizes:
        if size > most * NEARLY or (found and found[-1]["broke"]):
            break
        count = min(size, most)
        with start(count) as peer:
            if peer is None:
                print(f"{label:13} not measured: not installed", flush=True)
                return None
            figure: dict[str, Any] = {}
            with watched(figure):
                figure |= drive(peer, count, rate, seconds)
            found.append(figure)
        print(line(label, found[-1]), flush=True)
    return found


def stampede(name: str) -> dict[str, Any] | None:
    """5,000 who come within half a second."""
    label, start, _ = SERVERS[name]
    with start(STAMPEDE) as peer:
        if peer is None:
            return None
        found: dict[str, Any] = {}
        with watched(found):
            met = listen(peer.stream, STAMPEDE, STAMPEDE_RATE, STAMPEDE_S)
    late = met.first_sound_s.p99 if met.first_sound_s else STAMPEDE_S
    found |= {
        "playing": met.playing,
        "joins_per_s": round(met.heard / (STAMPEDE / STAMPEDE_RATE + late)),
        **delays(met),
    }
    print(f"{label:13} {found['playing']:,} of {STAMPEDE:,} at once play, {found['joins_per_s']:,} joins/s", flush=True)
    return found


def part_address(port: int) -> str:
    """The address of the newest LL-HLS part."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"GET /s/bench/hls/aac-64.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: one.recv(65536), b"")).decode()
    part = re.findall(r'EXT-X-PART:[^\n]*URI="([^"]+)"', text)[-1]
    return f"http://127.0.0.1:{port}/s/bench/hls/{part}"


def files() -> dict[str, float | None]:
    """Requests a second of one processor: parts from the edge and as files of nginx, and portraits."""
    port = peers.free_port()
    with peers.server(peers.edge_command(port), port):
        found = {
            "stentor_parts_per_s": peers.requests_per_s(part_address(port)),
            "stentor_portraits_per_s": peers.requests_per_s(f"http://127.0.0.1:{port}/s/bench/portraits/seat?v=1"),
        }
    found["nginx_parts_per_s"] = peers.nginx_part_requests()
    own, nginx = found["stentor_parts_per_s"], found["nginx_parts_per_s"]
    if own is None:
        print("Parts         not measured: wrk is not installed")
    else:
        beside = f", nginx {nginx:,.0f}: {own / nginx:.2f} of it" if nginx else "; nginx is not installed"
        print(f"Parts         {own:,.0f} requests/s of 6 kB{beside}")
    return found


def line(label: str, one: dict[str, Any]) -> str:
    """One crowd, for people."""
    return (
        f"{label:13} {one['listeners']:7,}: {one['cpu_us_per_listener_second']:5.1f} µs a listener-second"
        f"{' (BROKE)' if one['broke'] else ''}, {one['playing']:,} play at {one['kbit_per_s']:.0f} kbit/s; "
        f"{one['joins_per_s']:,} joins/s, first sound p50 {one['first_sound_p50_ms']} p99 {one['first_sound_p99_ms']} "
        f"ms; longest pause p99 {one['pause_p99_ms']}, most {one['pause_most_ms']} ms; "
        f"{one['bytes_per_listener'] / 1024:.1f} kB each; {one['processes']} processes, "
        f"processors: {one['processors']:.2f}, crowd {one['crowd_processors']:.2f} {state(one)}"
    )


def sizes_of(curves: dict[str, list[dict[str, Any]] | None]) -> list[int]:
    """The sizes of a run: those of the server that takes any number and carried most of them."""
    told = [[one["listeners"] for one in curve] for name, curve in curves.items() if curve and SERVERS[name][2] == ANY]
    return max(told, key=len)


def table(found: dict[str, Any], sizes: Sequence[int]) -> str:
    """As Markdown: of each crowd microseconds a listener-second, first sound and longest pause at p99."""
    there = {name: curve for name, curve in found["curves"].items() if curve}
    rows = ["| listeners | " + " | ".join(SERVERS[name][0] for name in there) + " |", "|---|" + "---|" * len(there)]
    for index, size in enumerate(sizes):
        cells = [cell(curve[index], size) if index < len(curve) else "–" for curve in there.values()]
        rows.append(f"| {size:,} | " + " | ".join(cells) + " |")
    stampedes = [found["stampede"][name] for name in there]
    joins = [
        f"{one['joins_per_s']:,}" + f", {one['playing']:,} play" * (one["playing"] < STAMPEDE) for one in stampedes
    ]
    memory = [f"{curve[min(1, len(curve) - 1)]['bytes_per_listener'] / 1024:.1f} kB" for curve in there.values()]
    return "\n".join([
        *rows,
        f"| joins a second, {STAMPEDE:,} at once | " + " | ".join(joins) + " |",
        "| memory of a listener | " + " | ".join(memory) + " |",
    ])  # fmt: skip


def cell(one: dict[str, Any], size: int) -> str:
    first, pause = one["first_sound_p99_ms"] or 0.0, one["pause_p99_ms"] or 0.0
    if one["broke"]:
        full = ", the crowd's processor is full" if one.get("crowd_processors", 0.0) > FULL else ""
        playing = f"{one['playing']:,} play at {one['kbit_per_s']:.0f} kbit/s"
        return f"broke: {playing}, pauses of {pause / 1000:.1f} s{full}"
    fewer = "" if one["listeners"] == size else f"{one['listeners']:,}, one process: "
    return f"{fewer}{one['cpu_us_per_listener_second']:.1f} µs, {first:,.0f} ms, {pause / 1000:.2f} s"


def draw(curves: dict[str, list[dict[str, Any]] | None], sizes: Sequence[int]) -> str:
    """What a listener-second costs over the listeners; a line ends where the server did."""

    def costs(found: list[dict[str, Any]]) -> list[float | None]:
        whole = [None if one["broke"] else float(one["cpu_us_per_listener_second"]) for one in found]
        return [*whole, *[None] * (len(sizes) - len(whole))]

    lines = {SERVERS[name][0]: costs(found) for name in DRAWN if (found := curves.get(name))}
    title = "Processor time of a listener-second"
    xs = [float(size) for size in sizes]
    return plot(title, xs, lines, x_name="listeners", unit="µs", standalone=True, logarithmic=True) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rate", type=float, default=1_200, help="listeners who come in a second, if within 4 to 40 s")
    parser.add_argument("--seconds", type=float, default=8, help="measured, after the last has come and settled")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--again", type=Path, help="the results of such a run: measure nothing, show and draw them")
    options = parser.parse_args()
    sizes = sorted(options.listeners)
    if options.again:
        show(json.loads(options.again.read_text()), sizes)
        return
    found = head() | files() | compare(options.servers, sizes, options.rate, options.seconds)
    show(found, sizes)
    keep("fanout", found)


def compare(servers: Sequence[str], sizes: Sequence[int], rate: float, seconds: float) -> dict[str, Any]:
    """``stampede`` and ``curves`` of these servers, by their names; the caller moves to the crowd's processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(peers.CROWD_CORE)})
    try:
        at_once = {name: stampede(name) for name in servers}
        return {"stampede": at_once, "curves": {name: curve(name, sizes, rate, seconds) for name in servers}}
    finally:
        os.sched_setaffinity(0, before)


def show(found: dict[str, Any], sizes: Sequence[int]) -> None:
    """The table for the README, and its picture."""
    print(table(found, sizes))
    PICTURE.write_text(draw(found["curves"], sizes), "utf-8")


if __name__ == "__main__":
    main()
