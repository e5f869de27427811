"""What a request costs: parts, playlists and portraits from the edge, and a file of the same size from nginx, in turn.

``python -m bench.requests [--seconds 3] [--rounds 5]``. The server has processor 0, wrk with 64 kept connections has
processor 1. Measured is the processor time that the server took, user's and kernel's, over the requests that were
answered; of the rounds the smallest counts, since what others on the machine do can only add to it. Ratios travel
between machines, microseconds do not.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psutil

from bench import peers
from bench.fanout import part_address
from bench.kept import head, keep, state, watched

PLAYER = {
    "Host": "talk.example.org",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.9",
    "Referer": "https://talk.example.org/s/bench",
}
"""What a browser's player sends."""


def taken_s(server: psutil.Process) -> float:
    """Processor time that a server has taken so far, its workers' included: of all threads that there are, as the
    scheduler counts it, in nanoseconds (what ``ps`` shows are hundredths of a second)."""
    threads = (file for each in (server, *server.children()) for file in Path(f"/proc/{each.pid}/task").iterdir())
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def cost_us(address: str, server: psutil.Process, seconds: float, headers: dict[str, str]) -> float:
    """Microseconds of the server's processor a request."""
    told = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    wrk = ["taskset", "-c", peers.CROWD_CORE, "wrk", "-t1", "-c64", f"-d{seconds:.0f}s", *told, address]
    before = taken_s(server)
    output = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    taken = taken_s(server) - before
    if "Non-2xx" in output:
        raise SystemExit(f"Not every request to {address} was answered with 200:\n{output}")
    found = re.search(r"(\d+) requests in", output)
    if found is None:
        raise SystemExit(f"wrk said something else than expected:\n{output}")
    return taken / int(found[1]) * 1e6


def main() -> None:
    """Prints a line for each kind of request, and keeps the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = head() | compare(options.seconds, options.rounds)
    show(found)
    keep("requests", found)


def compare(seconds: float, rounds: int) -> dict[str, Any]:
    """``cost_us`` by kind of request, and ``state``."""
    program = peers.nginx_program()
    if program is None or not shutil.which("wrk"):
        raise SystemExit("This needs Debian's packages nginx and wrk.")
    port, least = peers.free_port(), dict[str, float]()
    found: dict[str, Any] = {"cost_us": least}
    with watched(found), tempfile.TemporaryDirectory() as folder, peers.server(peers.edge_command(port), port) as edge:
        Path(folder, "part.m4s").write_bytes(bytes(peers.PART_BYTES))
        with peers.nginx(program, folder, 1) as (nginx_port, process):
            for _ in range(rounds):
                asked = {
                    "nginx, a file": (f"http://127.0.0.1:{nginx_port}/part.m4s", process),
                    "a part": (part_address(port), edge),
                    "a playlist": (f"http://127.0.0.1:{port}/s/bench/hls/aac-64.m3u8", edge),
                    "door.json": (f"http://127.0.0.1:{port}/s/bench/door.json", edge),
                    "a portrait": (f"http://127.0.0.1:{port}/s/bench/portraits/seat?v=1", edge),
                }
                for kind, (address, server) in asked.items():
                    for name, headers in (("", {}), (", a browser's", PLAYER)):
                        cost = cost_us(address, server, seconds, headers)
                        least[kind + name] = min(cost, least.get(kind + name, cost))
    return found


def show(found: dict[str, Any]) -> None:
    """A line for each kind."""
    least = found["cost_us"]
    for kind, cost in least.items():
        beside = least["nginx, a file" + (", a browser's" if kind.endswith("browser's") else "")]
        print(f"{kind:28} {cost:6.1f} µs, {cost / beside:4.2f} of nginx {state(found)}")


if __name__ == "__main__":
    main()
