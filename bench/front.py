"""What a crowd on the front page costs a host: queries of the database, and how long the house takes, with and without.

``python -m bench.front [--per-s 5000] [--seconds 10] [--rounds 3]``. A whole Stentor on PostgreSQL, a host who talks,
and wrk, which asks for ``/`` at that rate on 100 connections, and takes gzip as browsers do. In turn: calm, the same
load on an nginx on another port with a file as long (what sharing the machine costs), and the load on the site. Each
time the database says how many transactions it did in so many seconds, and requests of a host cross the edge to the
house, 50 a second. ``cpu_us`` is the processor time of the server that is asked, over the requests: of the edge also
with what it does anyway, which is ``cpu`` of a core while all is calm.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import httpx
import psutil
import psycopg

from bench.flood import FILE, nginx
from bench.kept import head, keep, watched
from bench.requests import taken_s
from stentor.client import speak
from tests.faults.test_flooded import p99_ms
from tests.support.postgres import Postgres, module
from tests.support.whole import Whole, whole

CONNECTIONS = 100
PACED = """
local ffi = require("ffi")
ffi.cdef("typedef struct {{ long s; long us; }} when; int gettimeofday(when *at, void *zone);")
local at, due = ffi.new("when"), 0
function delay()
  ffi.C.gettimeofday(at, nil)
  local now = tonumber(at.s) * 1000 + tonumber(at.us) / 1000
  due = math.max(due > 0 and due or now, now - {most_late_ms}) + {every_ms}
  return math.max(0, math.floor(due - now))
end
"""
"""When the next request is due, however long answers take: a fixed pause would ask less often of who is slow."""
MOST_LATE_MS = 1000
"""What was not asked in a stall of the machine is asked then, of the last second."""
GZIP = "Accept-Encoding: gzip"
SETTLE_S = 8.0


@asynccontextmanager
async def load(
    address: str, per_s: int, seconds: float, folder: Path, *, script: str = ""
) -> AsyncIterator[list[float]]:
    """While this is open, wrk asks so often, for what a ``script`` says; afterwards the list has how often a second
    that was, and how often in all."""
    paced = folder / "paced.lua"
    paced.write_text(script + PACED.format(every_ms=1000 / per_s, most_late_ms=MOST_LATE_MS))
    command = ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-H", GZIP, "-s", str(paced), address)
    wrk = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    found: list[float] = []
    yield found
    said = (await wrk.communicate())[0].decode()
    per, all_ = (re.search(each, said) for each in (r"Requests/sec:\s+([\d.]+)", r"(\d+) requests in"))
    if "Non-2xx" in said or not per or not all_:
        raise SystemExit(f"Not every request was answered with 200:\n{said}")
    found += [float(per[1]), float(all_[1])]


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


async def as_sent(address: str) -> bytes:
    """The body of an answer as browsers get it, compressed."""
    async with (
        httpx.AsyncClient(trust_env=False, headers={"Accept-Encoding": "gzip"}) as client,
        client.stream("GET", address) as answer,
    ):
        answer.raise_for_status()
        return b"".join([part async for part in answer.aiter_raw()])


def nginx_process() -> psutil.Process:
    """The one that this process has started."""
    return next(each for each in psutil.Process().children() if each.name() == "nginx")


class Asked(NamedTuple):
    """Whom a load is for."""

    address: str
    """Empty for none."""
    server: psutil.Process
    script: str = ""


async def once(house: Whole, queries: Queries, at: Asked, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One measurement under a load."""
    host = f"http://127.0.0.1:{house.settings.audience_port}/sign-in"
    before, told, taken = queries.transactions(), dict[str, Any](), taken_s(at.server)
    with watched(told):
        if at.address:
            async with load(at.address, options.per_s, options.seconds, folder, script=at.script) as found:
                [p99] = await p99_ms(host)
            told["per_s"] = round(found[0])
            told["cpu_us"] = round((taken_s(at.server) - taken) / found[1] * 1e6, 1)
        else:
            [p99], _ = await asyncio.gather(p99_ms(host), asyncio.sleep(options.seconds))
            told["cpu"] = round((taken_s(at.server) - taken) / options.seconds, 3)
    return told | {"p99_ms": round(p99, 2), "transactions": queries.transactions() - before}


async def rounds_of(
    house: Whole, queries: Queries, places: Mapping[str, Asked], options: argparse.Namespace, folder: Path
) -> list[dict[str, Any]]:
    """All places in turn, again and again."""
    rounds = []
    for _ in range(options.rounds):
        rounds.append({kind: await once(house, queries, at, options, folder) for kind, at in places.items()})
        print(rounds[-1], flush=True)
    return rounds


def edge_process(house: Whole) -> psutil.Process:
    return psutil.Process(house.worker("edge-0").pid)


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
                site, edge = f"http://127.0.0.1:{house.settings.audience_port}/", edge_process(house)
                async with nginx(folder, await as_sent(site)) as other:
                    places = {
                        "calm": Asked("", edge),
                        "nginx": Asked(f"http://127.0.0.1:{other}{FILE}", nginx_process()),
                        "site": Asked(site, edge),
                    }
                    rounds = await rounds_of(house, Queries(postgres.admin_url), places, options, folder)
                talking.cancel()
                with suppress(asyncio.CancelledError):
                    await talking
                return rounds
        finally:
            server.cleanup()


def arguments(description: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--per-s", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def beside_nginx(rounds: Sequence[Mapping[str, Any]], kind: str = "site") -> dict[str, float]:
    """What a round has of the site over what it has of nginx; the medians."""
    return {
        what: round(median(each[kind][what] / each["nginx"][what] for each in rounds), 2)
        for what in ("p99_ms", "cpu_us")
    }


def main() -> None:
    options, told = arguments(__doc__), head()
    rounds = asyncio.run(measure(options))
    keep("front", told | {"beside_nginx": beside_nginx(rounds), "rounds": rounds})


if __name__ == "__main__":
    main()
