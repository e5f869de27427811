"""A whole Stentor and its crowd on one machine: what 1,000, 5,000, 20,000, 60,000 and 100,000 listeners cost.

``python -m bench.crowd [--listeners 1000 5000 …] [--rate 8000] [--seconds 12] [--edges 6]``. Starts ``stentor up`` with
so many edges, opens the doors of a space, and sends crowds of :mod:`stentor.rehearsal` one after the other: each asks
for ``live.aac`` at once and stays. Measured while all listen: processor time of the edges for each listener and second,
their memory, joins a second, time to first sound and the longest pause. Draws ``docs/images/crowd.svg``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench import peers
from stentor.rehearsal.order import Mix, Way
from stentor.rehearsal.plot import HEIGHT, STYLE, WIDTH, plot
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed

RESULTS = Path(__file__).parent / "results"
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "crowd.svg"
SIZES = (1_000, 5_000, 20_000, 60_000, 100_000)
START_S = 60.0
SETTLE_S = 8.0
"""After the last has come: the writes have found their rhythm."""
WINDOW_S = 6.0
"""An edge's window is full by then, and every joiner gets his burst."""


class Watch(threading.Thread):
    """Looks at the edges' processes once a second."""

    def __init__(self, edges: Sequence[psutil.Process]) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, float, int, float]] = []
        """Time, processor seconds of all edges, their memory, share of the machine in use."""
        self._edges = edges
        self._end = threading.Event()

    def run(self) -> None:
        psutil.cpu_percent()
        while not self._end.wait(1.0):
            used = sum(sum(edge.cpu_times()[:2]) for edge in self._edges)
            memory = sum(edge.memory_info().rss for edge in self._edges)
            self.samples.append((time.time(), used, memory, psutil.cpu_percent()))

    def stop(self) -> None:
        self._end.set()
        self.join()


@contextmanager
def whole(edges: int) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A Stentor with an open space: the listener's page and the edges' processes."""
    house, audience = peers.free_port(), peers.free_port()
    with tempfile.TemporaryDirectory() as folder:
        ports = ["--port", str(house), "--audience-port", str(audience), "--edges", str(edges)]
        command = [sys.executable, "-m", "stentor", "up", "--data", folder, *ports]
        with Path(folder, "up.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            token = Path(folder, "admin-token")
            _wait_for(f"http://127.0.0.1:{house}/healthz")
            _wait_for(f"http://127.0.0.1:{audience}/healthz")
            bearer = {"Authorization": f"Bearer {token.read_text('ascii').strip()}"}
            with httpx.Client(base_url=f"http://127.0.0.1:{house}/api/v1", headers=bearer, trust_env=False) as client:
                client.post("/spaces", json={"id": "bench", "title": "Bench"}).raise_for_status()
                client.post("/spaces/bench/doors").raise_for_status()
            page = f"http://127.0.0.1:{audience}/s/bench"
            _wait_for(f"{page}/hls/aac-64.m3u8")
            time.sleep(WINDOW_S)
            children = psutil.Process(process.pid).children(recursive=True)
            yield page, [child for child in children if "edge" in child.cmdline()]
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{address} did not answer")


def measure(page: str, edges: list[psutil.Process], count: int, rate: float, seconds: float) -> dict[str, Any]:
    """One crowd."""
    empty = sum(edge.memory_info().rss for edge in edges)
    within_s = max(1.0, count / rate)
    mix = Mix({Way.AAC: 1.0}, shared=0.0, straight=True, stay=True)
    watch = Watch(edges)
    watch.start()
    report = asyncio.run(
        rehearse(page, listeners=count, curve="steady", within_s=within_s, for_s=within_s + SETTLE_S + seconds, mix=mix)
    )
    watch.stop()
    return figures(report, watch.samples, empty, seconds)


def figures(
    report: Rehearsed, samples: Sequence[tuple[float, float, int, float]], empty: int, seconds: float
) -> dict[str, Any]:
    """What the edges used in the last ``seconds`` of the crowd, for each listener, beside what the crowd has met."""
    end = report.began_ms / 1000 + report.for_s
    late = [sample for sample in samples if end - seconds <= sample[0] <= end]
    (began, used_before, _, _), (ended, used_after, memory, _) = late[0], late[-1]
    steady = [second for second in report.seconds if second.at_s >= report.for_s - seconds][:-1]
    playing = sum(second.playing for second in steady) / len(steady)
    processors = (used_after - used_before) / (ended - began)
    first, pause = report.first_sound_ms, report.pause_ms
    return {
        "listeners": report.listeners,
        "playing": round(playing),
        "heard": report.heard,
        "refused": report.refused,
        "cut": report.cut,
        "ran_dry": report.stalled,
        "kbit_per_s": sum(second.bps for second in steady) / len(steady) / playing / 1000,
        "joins_per_s": report.joins_per_s,
        "first_sound_p50_ms": first and first.median,
        "first_sound_p99_ms": report.first_sound_p99_ms,
        "pause_p50_ms": pause and pause.median,
        "pause_p99_ms": report.pause_p99_ms,
        "pause_most_ms": pause and pause.most,
        "rehearsal_late_p95_ms": report.late_ms and report.late_ms.p95,
        "edge_processors": processors,
        "cpu_us_per_listener_second": processors * 1e6 / playing,
        "machine_in_use": sum(sample[3] for sample in late) / len(late) / 100,
        "bytes_per_listener": (memory - empty) / playing,
        "complaints": report.complaints,
    }


def draw(curve: Sequence[dict[str, Any]]) -> str:
    """Two plots over the number of listeners, one above the other."""
    xs = [0.0] + [float(one["listeners"]) for one in curve]

    def line(key: str, scale: float = 1.0) -> list[float | None]:
        return [None] + [one[key] and one[key] * scale for one in curve]

    delays = {
        "longest pause, p99": line("pause_p99_ms", 1e-3),
        "first sound, p99": line("first_sound_p99_ms", 1e-3),
    }
    load = {"edges": line("edge_processors"), "all, crowd included": line("machine_in_use", os.cpu_count() or 1)}
    plots = (
        plot("Pause and first sound", xs, delays, x_name="listeners", unit="s", standalone=True),
        plot("Processors in use", xs, load, x_name="listeners", unit="processors", standalone=True),
    )
    high = HEIGHT + 20
    inner = [
        each.replace("<svg ", f'<svg y="{index * (high + 12)}" width="{WIDTH}" height="{high}" ', 1)
        for index, each in enumerate(plots)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {2 * high + 12}" role="img">'
        f"<title>What a crowd costs on one machine</title><style>{STYLE}</style>{''.join(inner)}</svg>\n"
    )


def show(one: dict[str, Any]) -> None:
    """A line for people."""
    print(
        f"{one['listeners']:7,} listeners: {one['playing']:7,} play at {one['kbit_per_s']:.0f} kbit/s, "
        f"{one['cpu_us_per_listener_second']:5.1f} µs per listener-second, {one['edge_processors']:.2f} processors "
        f"(machine {one['machine_in_use']:.0%}), {one['joins_per_s']:,.0f} joins/s, "
        f"first sound p99 {one['first_sound_p99_ms'] or 0:.0f} ms, pause p99 {one['pause_p99_ms'] or 0:.0f}, "
        f"most {one['pause_most_ms'] or 0:.0f} ms, {one['bytes_per_listener'] / 1024:.1f} kB a listener",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rate", type=float, default=8_000)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--edges", type=int, default=6)
    options = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "commit": commit.stdout.strip(),
        "edges": options.edges,
        "load_average_before": os.getloadavg()[0],
        "curve": [],
    }
    with whole(options.edges) as (page, edges):
        for count in options.listeners:
            found["curve"].append(measure(page, edges, count, options.rate, options.seconds))
            show(found["curve"][-1])
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"crowd-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(found, indent=2) + "\n")
    PICTURE.write_text(draw(found["curve"]), "utf-8")
    print(f"written to bench/results/{file.name} and docs/images/{PICTURE.name}")


if __name__ == "__main__":
    main()
