"""What a crowd on the front page costs a host: queries of the database, and how long the house takes, with and without.

``python -m bench.front [--per-s 5000] [--seconds 10] [--rounds 3]``. A whole Stentor on PostgreSQL, a host who talks,
and wrk, which asks for ``/`` at that rate on 100 connections. In turn: calm, the same load on an nginx on another port
with a file as long (what sharing the machine costs), and the load on the site. Each time the database says how many
transactions it did in so many seconds, and requests of a host cross the edge to the house, 50 a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psycopg

from bench.flood import FILE, RESULTS, nginx
from stentor.client import speak
from tests.faults.test_flooded import p99_ms
from tests.support.postgres import Postgres, module
from tests.support.whole import Whole, whole

CONNECTIONS = 100
PACED = "function delay() return {ms} end"
SETTLE_S = 8.0
ANSWER_MS = 2
"""An answer takes about so long, and counts in what a connection asks a second."""


@asynccontextmanager
async def load(
    address: str, per_s: int, seconds: float, folder: Path, *, script: str = ""
) -> AsyncIterator[list[float]]:
    """While this is open, wrk asks at most so often, for what a ``script`` says; afterwards the list has how often it
    was."""
    paced = folder / "paced.lua"
    paced.write_text(script + PACED.format(ms=max(0, round(CONNECTIONS / per_s * 1000) - ANSWER_MS)))
    command = ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(paced), address)
    wrk = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    found: list[float] = []
    yield found
    said = (await wrk.communicate())[0].decode()
    if "Non-2xx" in said or not (per := re.search(r"Requests/sec:\s+([\d.]+)", said)):
        raise SystemExit(f"Not every request was answered with 200:\n{said}")
    found.append(float(per[1]))


class Queries:
    """What the database has done so far."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def transactions(self) -> int:
        """Of all databases but this one's own connection, which does none worth counting."""
        self._connection.execute("SELECT pg_stat_force_next_flush()")
        row = self._connection.execute(
            "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database WHERE datname LIKE 'test_%'"
        ).fetchone()
        assert row
        return int(row[0])


async def once(house: Whole, queries: Queries, at: str, per_s: int, seconds: float, folder: Path) -> dict[str, float]:
    """One measurement under a load on ``at``; empty for none."""
    asked = f"http://127.0.0.1:{house.settings.audience_port}/sign-in"
    before, told = queries.transactions(), dict[str, float]()
    if at:
        async with load(at, per_s, seconds, folder) as found:
            [p99] = await p99_ms(asked)
        told["per_s"] = round(found[0])
    else:
        [p99], _ = await asyncio.gather(p99_ms(asked), asyncio.sleep(seconds))
    return told | {"p99_ms": round(p99, 2), "transactions": queries.transactions() - before}


async def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="front") as name:
        folder = Path(name)
        os.chmod(folder, 0o755)  # noqa: PTH101 the database runs as a user of its own
        server = module(folder).get_server(folder / "data", cleanup_mode="delete")
        try:
            postgres = Postgres(server.get_uri())
            async with whole(folder / "site", edges=1, database_url=postgres.fresh(), address_requests=0) as house:
                tokens = await house.space("evening")
                talk = speak.speak(
                    f"http://127.0.0.1:{house.settings.port}", "evening", ("reader",), name="host", token=tokens["host"]
                )
                talking = asyncio.create_task(talk)
                await house.until(
                    "evening", lambda view: view["seats"][0]["state"] == "connected", "the host is on the stage"
                )
                await house.call("POST", "/spaces/evening/live")
                await asyncio.sleep(SETTLE_S)
                site = f"http://127.0.0.1:{house.settings.audience_port}/"
                async with httpx.AsyncClient(trust_env=False) as client:
                    page = (await client.get(site)).content
                rounds = []
                async with nginx(folder, page) as other:
                    queries = Queries(postgres.admin_url)
                    places = {"calm": "", "nginx": f"http://127.0.0.1:{other}{FILE}", "site": site}
                    for _ in range(options.rounds):
                        found = {
                            kind: await once(house, queries, at, options.per_s, options.seconds, folder)
                            for kind, at in places.items()
                        }
                        print(found, flush=True)
                        rounds.append(found)
                talking.cancel()
                with suppress(asyncio.CancelledError):
                    await talking
                return rounds
        finally:
            server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-s", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    now, busy = datetime.now(UTC), os.getloadavg()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    rounds = asyncio.run(measure(options))
    told = {
        "at": now.isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "commit": commit.stdout.strip(),
        "load_average_before": busy,
        "ratio_to_nginx": round(median(each["site"]["p99_ms"] / each["nginx"]["p99_ms"] for each in rounds), 2),
        "rounds": rounds,
    }
    file = RESULTS / f"front-{now:%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(told, indent=2) + "\n")
    print(file)


if __name__ == "__main__":
    main()
