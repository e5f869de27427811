"""What a flood of public requests costs those that the edge passes on: p99, against the same flood of something else.

``python -m bench.flood [--loops 128 400] [--rounds 3]``. A flood takes processors, too, and here they are shared. So in
each round the same generator floods first an nginx on another port with a file as long, while requests cross an idle
edge, and then that edge. The ratio of the two is what sharing the edge costs; ``calm`` is without any flood.
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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from tests.faults.test_flooded import FLOOD_S, HOUSE, PUBLIC, p99_ms
from tests.integration.test_one_address import eventually_there, site
from tests.support import caches
from tests.support.ports import free_ports

RESULTS = Path(__file__).parent / "results"
FILE = "/file"
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log; user root; worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{ access_log off; default_type application/json; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port} backlog=2048; root {folder}; }} }}
"""


@asynccontextmanager
async def nginx(folder: Path, body: bytes) -> AsyncIterator[int]:
    """An nginx of one worker with a file of these bytes at :data:`FILE`; gives its port."""
    [port] = free_ports(1)
    (folder / FILE.strip("/")).write_bytes(body)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    command = (caches.program("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder))
    process = await asyncio.create_subprocess_exec(*command)
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                try:
                    (await client.get(f"http://127.0.0.1:{port}{FILE}")).raise_for_status()
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def during(port: int, path: str, loops: int, asked: str) -> dict[str, float]:
    """p99 of ``asked`` while another address is flooded."""
    command = (sys.executable, "-m", "tests.support.flood", str(port), path, str(loops), str(FLOOD_S))
    flood = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(1.5)  # it has begun
    [found] = await p99_ms(asked)
    said, _ = await flood.communicate()
    return {"p99_ms": round(found, 2), "flood_per_s": round(int(said) / FLOOD_S)}


async def measure(loops: list[int], rounds: int) -> dict[str, Any]:
    """By the flood's connections: each round, and the median of its ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with site(folder, captions="off", address_requests=0) as (settings, client, _):
            await eventually_there(client)
            body = (await client.get(PUBLIC)).content
            asked = settings.audience_address + HOUSE
            async with nginx(folder, body) as other:
                found: dict[str, Any] = {}
                for count in loops:
                    told: list[dict[str, Any]] = []
                    for _ in range(rounds):
                        [calm] = await p99_ms(asked)
                        beside = await during(other, FILE, count, asked)
                        through = await during(settings.audience_port, PUBLIC, count, asked)
                        ratio = round(through["p99_ms"] / beside["p99_ms"], 2)
                        told.append({"calm_ms": round(calm, 2), "nginx": beside, "edge": through, "ratio": ratio})
                        print(count, told[-1], flush=True)
                    found[str(count)] = {"ratio": median(each["ratio"] for each in told), "rounds": told}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=int, nargs="+", default=[128, 400])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    now = datetime.now(UTC)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    told = {
        "at": now.isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "commit": commit.stdout.strip(),
        "load_average_before": os.getloadavg()[0],
        "connections": asyncio.run(measure(given.loops, given.rounds)),
    }
    file = RESULTS / f"flood-{now:%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(told, indent=2) + "\n")
    print(file)


if __name__ == "__main__":
    main()
