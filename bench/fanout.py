"""What a listener costs: Stentor's edge beside Icecast, nginx, an ASGI server and a bare C loop, in one run.

``python -m bench.fanout [--listeners 5000] [--seconds 10]``. The server is pinned to processor 0, the crowd to
processor 1. Measured: CPU of the server for each listener and second at 48 kbit/s (Stentor with writes of 0.96 s,
Icecast as it comes, uvicorn with the same writes, the C loop of ``floor.c`` as the least that is possible), joins a
second and the time to first sound, memory a listener, 6 kB part requests a second beside nginx with the same as a
file, and requests of portraits. Ratios travel between machines, microseconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench import peers

RESULTS = Path(__file__).parent / "results"
INTERVAL_CHUNKS = 3


def crowd(process: psutil.Process, port: int, path: str, count: int, rate: float, seconds: float) -> dict[str, float]:
    """A crowd's measurements, with the CPU and memory of the server while it listened."""
    empty_bytes = process.memory_info().rss
    arguments = ["127.0.0.1", str(port), path, str(count), str(rate), str(seconds)]
    command = ["taskset", "-c", peers.CROWD_CORE, sys.executable, "-m", "bench.crowd_client", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        client.stdout.readline()
        before, started = sum(process.cpu_times()[:2]), time.monotonic()
        full_bytes = process.memory_info().rss
        found: dict[str, float] = json.loads(client.stdout.readline())
        used = sum(process.cpu_times()[:2]) - before
        elapsed = time.monotonic() - started
    found["cpu_us_per_listener_second"] = used * 1e6 / elapsed / max(1, found["playing"])
    found["bytes_per_listener"] = (full_bytes - empty_bytes) / count
    return found


def part_address(port: int) -> str:
    """The address of the newest LL-HLS part."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"GET /s/bench/hls/aac-64.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: one.recv(65536), b"")).decode()
    part = re.findall(r'EXT-X-PART:[^\n]*URI="([^"]+)"', text)[-1]
    return f"http://127.0.0.1:{port}/s/bench/hls/{part}"


def measure(count: int, rate: float, seconds: float) -> dict[str, Any]:
    """Everybody in turn; what is not installed is None."""
    port = peers.free_port()
    edge = [sys.executable, "-m", "bench.edge_server", str(port), str(INTERVAL_CHUNKS)]
    with peers.server(edge, port) as process:
        found: dict[str, Any] = {"stentor": crowd(process, port, "/s/bench/live.aac", count, rate, seconds)}
    port = peers.free_port()
    with peers.server([*edge[:3], str(port), str(INTERVAL_CHUNKS)], port):  # a fresh one: the crowd is still leaving
        found["stentor_parts_per_s"] = peers.requests_per_s(part_address(port))
        found["stentor_portraits_per_s"] = peers.requests_per_s(f"http://127.0.0.1:{port}/s/bench/portraits/seat?v=1")
    port = peers.free_port()
    with peers.server([sys.executable, "-m", "bench.asgi_server", str(port)], port) as process:
        found["asgi"] = crowd(process, port, "/live.aac", count, rate, seconds)
    found["nginx_parts_per_s"] = peers.nginx_part_requests()
    port = peers.free_port()
    with peers.floor(port, count) as loop:
        found["c_loop"] = loop and crowd(loop, port, "/", count, rate, seconds)
    port = peers.free_port()
    with peers.icecast(port, count) as radio:
        found["icecast"] = radio and crowd(radio, port, "/live.aac", count, rate, seconds)
    return found


def show(found: dict[str, Any]) -> None:
    """The figures and ratios for people."""
    own = found["stentor"]["cpu_us_per_listener_second"]
    for name, key in (("Stentor", "stentor"), ("C loop", "c_loop"), ("Icecast", "icecast"), ("ASGI", "asgi")):
        one = found[key]
        if one is None:
            print(f"{name:8} not measured: not installed")
            continue
        cost = one["cpu_us_per_listener_second"]
        print(
            f"{name:8} {cost:5.1f} µs per listener-second ({cost / own:.2f} of Stentor's), "
            f"{one['joins_per_s']:.0f} joins/s, first sound p99 {one['first_sound_p99_ms']:.0f} ms, "
            f"{one['playing']:.0f} playing at {one['kbit_per_s']:.0f} kbit/s, "
            f"{one['bytes_per_listener'] / 1024:.1f} kB a listener"
        )
    parts, file = found["stentor_parts_per_s"], found["nginx_parts_per_s"]
    if parts:
        beside = f", nginx {file:.0f}: {parts / file:.2f} of it" if file else "; nginx is not installed"
        print(f"Parts    {parts:.0f} requests/s of 6 kB{beside}")
        portraits = found["stentor_portraits_per_s"]
        print(f"Faces    {portraits:.0f} requests/s of portraits of 3 kB: {1e6 / portraits:.0f} µs each")
    else:
        print("Parts    not measured: wrk is not installed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=10_000)
    options = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    found = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "commit": commit.stdout.strip(),
        "listeners": options.listeners,
        "load_average_before": os.getloadavg()[0],
        **measure(options.listeners, options.rate, options.seconds),
    }
    show(found)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"fanout-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}")


if __name__ == "__main__":
    main()
