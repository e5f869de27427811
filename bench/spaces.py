"""What spaces cost: processor time of every role of a whole Stentor, against spaces that are over, wait, and talk.

``python -m bench.spaces [--over 0,1000,10000,100000] [--waiting 1,10,100] [--live 1,5,10] [--talkers 1] [--seconds 20]
[--captions off]``.

A row is one Stentor with so many spaces in the database, and so many that wait with music or are live, with one talker
each or as many as are told. By role it shows the share of one processor, then what a waiting or a live space costs more
than none (with and without the captions, which are a choice), how much processor time the cold start of the slowest
role took, and memory. Processor time is read, not the clock, so that others on the machine change little. The talkers
are not counted. A stage that gets no processor leaves ticks out, which costs nothing: "skipped" is their share. On a
machine with other work put ``chrt -r 1`` before the command; the recogniser of captions then takes all it can, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import psutil

from stentor import app
from stentor.base import config
from stentor.base.config import Settings
from stentor.base.grid import TICK_S
from stentor.base.units import SpaceId
from stentor.client import speak
from stentor.spaces import board
from stentor.spaces.model import Space, State
from stentor.store.objects import Objects
from stentor.store.spaces import Store
from stentor.supervisor import Supervisor
from tests.support.ports import free_ports

RESULTS = Path(__file__).parent / "results"
SEATED_S = 120
SETTLE_S = 14.0
"""Leases are taken, and renewed rarely where a space waits, and windows are filled by then."""
TICKS_PER_S = 1 / TICK_S
CAPTIONS = "captions"
AT_ONCE = 5000


class Row(NamedTuple):
    """One measurement; shares are of one processor."""

    over: int
    waiting: int
    live: int
    shares: dict[str, float]
    start_s: dict[str, float]
    """Processor time of each role until all was ready."""
    memory_mb: dict[str, int]
    skipped: float
    """Share of the stage's ticks that were left out."""

    @property
    def all(self) -> float:
        return sum(self.shares.values())

    @property
    def without_captions(self) -> float:
        return self.all - self.shares.get(CAPTIONS, 0.0)

    def each(self, none: Row | None, *, captions: bool) -> str:
        """What one space costs more than none, as text."""
        count = self.waiting or self.live
        if none is None or not count or (self.waiting and self.live):
            return "     –"
        more = self.all - none.all if captions else self.without_captions - none.without_captions
        return f"{more / count:6.2%}"


def past(number: int) -> Space:
    """A space that was recorded."""
    at_ms = 1_500_000_000_000 + number * 60_000
    return Space(
        SpaceId(f"old-{number}"), f"Old {number}", State.REPLAY, created_ms=at_ms, doors_open_ms=at_ms,
        live_ms=at_ms, ended_ms=at_ms + 50_000, version=7,
    )  # fmt: skip


async def fill(settings: Settings, count: int) -> None:
    """So many spaces that are over into the database, as a house has left them there."""
    config.signing_key(settings)
    config.admin_token(settings)
    await (await Store.open(settings.database_address)).close()
    with closing(sqlite3.connect(settings.folder / "stentor.db")) as connection:
        for first in range(0, count, AT_ONCE):
            rows = [
                (each.id, each.version, each.state.value, each.created_ms, each.when_ms, each.version,
                 msgspec.json.encode(each).decode())
                for each in map(past, range(first, min(first + AT_ONCE, count)))
            ]  # fmt: skip
            connection.executemany(
                "INSERT INTO spaces (id, version, state, created_ms, when_ms, published, body) VALUES (?,?,?,?,?,?,?)",
                rows,
            )
        connection.commit()
    if count:
        objects = Objects.open(settings.recordings_address)
        await objects.put(board.key("old-0"), msgspec.json.encode(past(0)))


def used(supervisor: Supervisor) -> dict[str, float]:
    """Processor seconds by role until now."""
    found: defaultdict[str, float] = defaultdict(float)
    for worker in supervisor.workers:
        if worker.pid is not None:
            for process in _family(worker.pid):
                times = process.cpu_times()
                found[_role(worker.name)] += times.user + times.system
    return found


def memory(supervisor: Supervisor) -> dict[str, int]:
    found: Counter[str] = Counter()
    for worker in supervisor.workers:
        if worker.pid is not None:
            for process in _family(worker.pid):
                found[_role(worker.name)] += process.memory_info().rss >> 20
    return dict(found)


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _role(worker: str) -> str:
    return worker.rstrip("0123456789").rstrip("-")


async def measure(over: int, waiting: int, live: int, seconds: float, captions: str, talkers: int = 1) -> Row:
    """One Stentor from its cold start on."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="stentor-spaces-"))
        port, audience_port = free_ports(2)
        told = {"STENTOR_CAPTIONS": captions}
        settings = config.load(told, data=folder, host="127.0.0.1", port=port, audience_port=audience_port, edges=1)
        await fill(settings, over)
        supervisor = await stack.enter_async_context(app.running(settings, logs=Path(folder) / "logs"))
        start = used(supervisor)
        house = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}/api/v1",
                headers={"Authorization": f"Bearer {config.admin_token(settings)}"},
                timeout=60,
            )
        )
        talking: list[asyncio.Task[None]] = []
        for number in range(waiting + live):
            token = await _open(house, f"on-{number}", live=number < live)
            for seat in range(talkers if number < live else 0):
                if seat:
                    body = {"name": f"Guest {seat}", "role": "speaker"}
                    made = (await house.post(f"/spaces/on-{number}/invitations", json=body)).raise_for_status().json()
                    token = str(made["token"])
                voice = ("reader", "cards")[seat % 2]
                talker = speak.speak(f"http://127.0.0.1:{port}", f"on-{number}", (voice,), name="Host", token=token)
                talking.append(asyncio.create_task(talker, name="talker"))
        for _ in range(SEATED_S):
            if (await _stage(house)).get("seats", 0) >= live * talkers:
                break
            await asyncio.sleep(1)
        else:
            raise SystemExit(f"Not all of the {live * talkers} talkers came to their seats within {SEATED_S} s.")
        await asyncio.sleep(SETTLE_S)
        before, ticks, begun = used(supervisor), await _stage(house), time.monotonic()
        await asyncio.sleep(seconds)
        after, lasted = used(supervisor), time.monotonic() - begun
        skipped = (await _stage(house)).get("skipped_ticks", 0) - ticks.get("skipped_ticks", 0)
        shares = {role: (after[role] - before[role]) / lasted for role in after}
        skipped /= lasted * max(1, live) * TICKS_PER_S
        row = Row(over, waiting, live, shares, start, memory(supervisor), skipped)
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        return row


async def _stage(house: httpx.AsyncClient) -> dict[str, float]:
    """What the stage counts."""
    told = (await house.get("/processes")).raise_for_status().json()
    found: dict[str, float] = next((each["numbers"] for each in told["processes"] if each["role"] == "stage"), {})
    return found


async def _open(house: httpx.AsyncClient, name: str, *, live: bool) -> str:
    """Makes a space whose doors are open, or that is live; returns the token of its host."""
    made = (await house.post("/spaces", json={"title": name, "id": name})).raise_for_status().json()
    (await house.post(f"/spaces/{name}/{'live' if live else 'doors'}")).raise_for_status()
    return str(made["invitation"]["token"])


def table(rows: list[Row]) -> str:
    """The rows as text, with what one space costs more than none."""
    roles = sorted({role for row in rows for role in row.shares})
    head = "  over  waits live    all   each (no captions) "
    lines = [head + " ".join(f"{role:>11}" for role in roles) + "   start s   MB skipped"]
    for row in rows:
        none = next((each for each in rows if (each.over, each.waiting, each.live) == (row.over, 0, 0)), None)
        each = f"{row.each(none, captions=True)} {row.each(none, captions=False):>13}"
        shares = " ".join(f"{row.shares.get(role, 0.0):11.1%}" for role in roles)
        lines.append(
            f"{row.over:>6} {row.waiting:>6} {row.live:>4} {row.all:6.1%} {each} {shares} "
            f"{max(row.start_s.values()):9.1f} {sum(row.memory_mb.values()):>4} {row.skipped:7.1%}"
        )
    return "\n".join(lines)


def numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",") if each]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--over", type=numbers, default=[0, 1000, 10_000, 100_000])
    parser.add_argument("--waiting", type=numbers, default=[1, 10, 100])
    parser.add_argument("--live", type=numbers, default=[1, 5, 10])
    parser.add_argument("--talkers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--captions", choices=("auto", "off"), default="auto")
    given = parser.parse_args()
    plan = [(over, 0, 0) for over in given.over] + [(0, count, 0) for count in given.waiting]
    plan += [(0, 0, count) for count in given.live]
    if given.waiting and given.live:
        plan.append((max(given.over, default=0), max(given.waiting), max(given.live)))
    if (0, 0, 0) not in plan:
        plan.insert(0, (0, 0, 0))
    rows: list[Row] = []
    for over, waiting, live in plan:
        rows.append(await measure(over, waiting, live, given.seconds, given.captions, given.talkers))
        print(table(rows[-1:]).splitlines()[-1], flush=True)
    print(table(rows))
    RESULTS.mkdir(exist_ok=True)
    name = RESULTS / f"spaces-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    told = {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "seconds": given.seconds,
        "captions": given.captions,
        "talkers": given.talkers,
    }
    name.write_text(json.dumps(told | {"rows": [row._asdict() for row in rows]}, indent=1) + "\n")
    print(f"kept in {name}")


if __name__ == "__main__":
    asyncio.run(main())
