"""A whole Stentor and its crowd on one machine: what 1,000, 5,000, 20,000, 60,000 and 100,000 listeners cost.

``python -m bench.crowd [--listeners 1000 5000 …] [--rate 1200] [--seconds 20] [--edges 8]``. Starts ``stentor up`` with
so many edges, opens the doors of a space, and sends crowds of ``listeners.c`` one after the other: each listener asks
for ``live.aac`` at once and stays. Measured over all of them, from the first who comes to the end: first sound, the
longest pause, bits; and while all listen what edges, crowd and everything else take of the processors. Draws
``docs/images/crowd.svg``. Needs a C compiler.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import psutil

from bench import peers
from bench.kept import head, keep, state, watched
from bench.listeners import Met, Quantiles, Second, listen
from stentor.base.descriptors import descriptors
from stentor.base.plot import HEIGHT, STYLE, WIDTH, plot
from stentor.crowd.admission import TARGET
from stentor.edge.worker import SHORT_SHARE

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "crowd.svg"
SIZES = (1_000, 5_000, 20_000, 60_000, 100_000)
START_S = 60.0
SETTLE_S = 6.0
"""After the last has come: the writes have found their rhythm."""
WINDOW_S = 6.0
"""An edge's window is full by then, and every joiner gets his burst."""
UNEVEN = 1.02
"""The kernel deals connections to edges by chance, so one has a little more than its part."""
ASKED = 200
"""For ``/metrics``, which one edge answers by chance: of 16 edges each is met with so many."""
METRICS_TOKEN = "read by this bench only"


class Sample(NamedTuple):
    """How it stands at the end of a second; ``_s`` are processor seconds since the start."""

    second: Second
    at: float
    edges_s: float
    crowd_s: float
    machine_s: float
    memory: int
    """Bytes of all edges."""


class Watch:
    """Looks at the processes of edges and crowd whenever a second of the crowd has passed."""

    def __init__(self, edges: Sequence[psutil.Process]) -> None:
        self.samples: list[Sample] = []
        self._edges = edges
        self._crowd: list[psutil.Process] = []

    def look(self, pid: int, second: Second) -> None:
        """The crowd's first process is ``pid``, and so far it has met this."""
        if not self._crowd:
            self._crowd = [psutil.Process(pid), *psutil.Process(pid).children()]
        machine = psutil.cpu_times()
        sample = Sample(
            second,
            time.monotonic(),
            sum(_used_s(edge) for edge in self._edges),
            sum(_used_s(one) for one in self._crowd if one.is_running()),
            sum(machine) - machine.idle - machine.iowait,
            sum(edge.memory_info().rss for edge in self._edges),
        )
        self.samples.append(sample)


def _used_s(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return 0.0


@contextmanager
def whole(edges: int) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A Stentor with an open space: the listener's page and the edges' processes."""
    house, audience = peers.free_port(), peers.free_port()
    with tempfile.TemporaryDirectory() as folder:
        ports = ["--port", str(house), "--audience-port", str(audience), "--edges", str(edges)]
        command = [sys.executable, "-m", "stentor", "up", "--data", folder, *ports]
        Path(folder, "metrics-token").write_text(METRICS_TOKEN, "ascii")
        with Path(folder, "up.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"STENTOR_CAPTIONS": "off"})
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


def enough(listeners: int) -> int:
    """Edges for so many: of what all edges carry together, the door lets in the target share."""
    room = descriptors()
    return max(os.cpu_count() or 1, ceil(listeners * UNEVEN / TARGET / (room - room // SHORT_SHARE)))


def measure(page: str, edges: list[psutil.Process], count: int, rate: float, seconds: float) -> dict[str, Any]:
    """One crowd."""
    empty = sum(edge.memory_info().rss for edge in edges)
    skipped_before = counted(page, len(edges))["skipped_chunks_total"]
    watch = Watch(edges)
    met = listen(f"{page}/live.aac", count, rate, SETTLE_S + seconds, watch.look)
    edge = counted(page, len(edges))
    return {
        **figures(met, [one for one in watch.samples if one.second.at_s >= met.at_s - seconds], empty),
        "asked_joins_per_s": rate,
        "skipped_chunks": edge["skipped_chunks_total"] - skipped_before,
        "rung": edge["rung"],
    }


def counted(page: str, edges: int) -> dict[str, float]:
    """What all edges have counted since they started, and the highest rung: asked until each has answered."""
    found: dict[str, dict[str, float]] = {}
    address, reader = page.partition("/s/")[0] + "/metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"}
    for _ in range(ASKED):
        text = httpx.get(
            address, headers=reader, trust_env=False, timeout=START_S
        ).text  # an overloaded edge takes its time
        for name, edge, value in re.findall(r'^stentor_edge_(\w+)\{edge="([^"]+)"[^}]*\} (\S+)$', text, re.MULTILINE):
            found.setdefault(edge, {})[name] = float(value)
        if len(found) == edges:
            break
    else:
        raise SystemExit(f"Only {len(found)} of {edges} edges answered.")
    return {
        "skipped_chunks_total": sum(each["skipped_chunks_total"] for each in found.values()),
        "rung": max(each["rung"] for each in found.values()),
    }


def figures(met: Met, steady: Sequence[Sample], empty: int) -> dict[str, Any]:
    """What the crowd has met, beside what the processors did in the ``steady`` seconds, for each listener."""
    first, last = steady[0], steady[-1]
    passed_s = last.at - first.at
    playing = sum(sample.second.playing for sample in steady) / len(steady)
    edges = (last.edges_s - first.edges_s) / passed_s
    crowd = (last.crowd_s - first.crowd_s) / passed_s
    machine = (last.machine_s - first.machine_s) / passed_s
    bytes_between = last.second.sound_bytes - first.second.sound_bytes
    return {
        "listeners": met.come,
        "playing": round(playing),
        "heard": met.heard,
        "refused": met.refused,
        "cut": met.cut,
        "statuses": met.statuses,
        "errors": met.errors,
        "kbit_per_s": bytes_between * 8 / 1000 / (last.second.at_s - first.second.at_s) / max(1.0, playing),
        "first_sound_ms": _ms(met.first_sound_s),
        "pause_ms": _ms(met.pause_s),
        "listener_bps": met.sound_bps and msgspec.to_builtins(met.sound_bps),
        "crowd_late_ms": _ms(met.late_s),
        "edge_processors": edges,
        "crowd_processors": crowd,
        "other_processors": machine - edges - crowd,
        "cpu_us_per_listener_second": edges * 1e6 / max(1.0, playing),
        "bytes_per_listener": (last.memory - empty) / max(1.0, playing),
    }


def _ms(quantiles: Quantiles | None) -> dict[str, float] | None:
    if quantiles is None:
        return None
    return {name: round(value * 1000, 1) for name, value in msgspec.to_builtins(quantiles).items()}


def draw(curve: Sequence[dict[str, Any]]) -> str:
    """Two plots over the number of listeners, one above the other."""
    xs = [0.0] + [float(one["listeners"]) for one in curve]

    def delay(key: str, which: str) -> list[float | None]:
        return [None] + [one[key] and one[key][which] / 1000 for one in curve]

    delays = {
        "longest pause of all": delay("pause_ms", "most"),
        "longest pause, p99": delay("pause_ms", "p99"),
        "first sound, p99": delay("first_sound_ms", "p99"),
    }
    load: dict[str, list[float | None]] = {
        "edges": [None] + [one["edge_processors"] for one in curve],
        "crowd": [None] + [one["crowd_processors"] for one in curve],
        "everything else": [None] + [one["other_processors"] for one in curve],
    }
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
    """Two lines for people."""
    first, pause = one["first_sound_ms"] or {}, one["pause_ms"] or {}
    print(
        f"{one['listeners']:7,} listeners: {one['playing']:7,} play at {one['kbit_per_s']:.0f} kbit/s, "
        f"{one['refused']:,} refused, {one['cut']:,} cut off, {one['skipped_chunks']:,.0f} chunks skipped, "
        f"rung {one['rung']:.0f}; pause p50 {pause.get('p50', 0):.0f}, p99 {pause.get('p99', 0):.0f}, "
        f"most {pause.get('most', 0):.0f} ms; first sound p50 {first.get('p50', 0):.0f}, "
        f"p99 {first.get('p99', 0):.0f}, most {first.get('most', 0):.0f} ms\n"
        f"        {one['cpu_us_per_listener_second']:.1f} µs a listener-second; processors: edges "
        f"{one['edge_processors']:.2f}, crowd {one['crowd_processors']:.2f}, else {one['other_processors']:.2f}; "
        f"{one['bytes_per_listener'] / 1024:.1f} kB a listener {state(one)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rate", type=float, default=1_200, help="listeners who come in a second")
    parser.add_argument("--seconds", type=float, default=20, help="measured, after the last has come and settled")
    parser.add_argument("--edges", type=int, default=0, help="default: what the door needs for the largest crowd")
    options = parser.parse_args()
    edge_count = options.edges or enough(max(options.listeners))
    found = head() | crowds(options.listeners, options.rate, options.seconds, edge_count)
    keep("crowd", found)
    PICTURE.write_text(draw(found["curve"]), "utf-8")


def crowds(sizes: Sequence[int], rate: float, seconds: float, edge_count: int) -> dict[str, Any]:
    """``edges`` and ``curve`` of these crowds, each shown as it ends."""
    curve: list[dict[str, Any]] = []
    with whole(edge_count) as (page, edges):
        for count in sizes:
            figure: dict[str, Any] = {}
            with watched(figure):
                figure |= measure(page, edges, count, rate, seconds)
            curve.append(figure)
            show(figure)
    return {"edges": edge_count, "curve": curve}


if __name__ == "__main__":
    main()
