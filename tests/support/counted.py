"""Counts of a real Stentor beside the ledger of the crowd that it has counted: ``python -m tests.support.counted``.

The crowd is the bench's, in C (``bench/listeners.c``), or a rehearsal's; it knows of each of its listeners what came of
it, and nothing of what edges count. Writes docs/reference/counted.md.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from bench.listeners import Met, Second, listen
from stentor.bus.evidence import EvidenceLog
from stentor.bus.identity import join
from stentor.evidence.counts import AudienceTally, Figure, count
from stentor.evidence.row import EdgeSecond
from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed
from tests.support import caches
from tests.support.clock import WallClock, give_clock
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "counted.md"
SPACE = "talk"
WINDOW_S, SETTLE_S = 6.0, 4.0
STREAM, HLS = "/live.aac", "/hls/aac-64.m3u8"
STEP_S = 2.0
RANGE_BYTES = 600_000
"""More than a minute of the recording."""


@dataclass(frozen=True)
class Crowd:
    """Who comes, to what, and what happens in the middle of it."""

    name: str
    path: str = STREAM
    edges: int = 1
    people: int = 600
    rate: float = 60.0
    seconds: float = 30.0
    stay_s: float = 0.0
    again_s: float = 0.0
    places: int = 0
    front: str = ""
    event: str = ""
    plays: int = 0
    rehearsed: bool = False
    """They are sent by a rehearsal: with pages and tickets, three in ten by HLS."""


# Of streams twenty a second come and twenty leave where 480 hear. With more, a tenth of a second, by which ear and edge
# differ when all of them work on two processors, would be more people than 0.5 % are.
CROWDS = (
    Crowd("streams that stay", rate=120, seconds=62, plays=200),
    Crowd("streams that come and go", edges=8, people=1200, rate=20, seconds=10, stay_s=24),
    Crowd("more than there is room for", edges=2, people=400, rate=80, stay_s=10, again_s=1, places=100),
    Crowd("an edge is killed", edges=8, seconds=25, again_s=1, event="kill"),
    Crowd("HLS", path=HLS, edges=8, people=500, rate=50, seconds=67, plays=200),
    Crowd("the clock is set by 2 s and back", edges=2, people=1200, rate=20, seconds=10, stay_s=24, event="clock"),
    Crowd("streams through nginx", edges=2, people=400, seconds=62, front="nginx"),
    Crowd("HLS through Varnish", path=HLS, edges=2, people=400, seconds=20, front="varnish"),
    Crowd("HLS that comes and goes", path=HLS, edges=2, people=750, rate=25, seconds=10, stay_s=12),
    Crowd("HLS", path=HLS, people=500, rate=50, seconds=67),
    Crowd("streams that come and go", edges=2, people=1200, rate=20, seconds=10, stay_s=24),
    Crowd("HLS through nginx", path=HLS, edges=2, people=400, seconds=20, front="nginx"),
    Crowd("more than there is room for", people=400, rate=80, stay_s=10, again_s=1, places=200),
    Crowd("more than there is room for", edges=8, people=400, rate=80, stay_s=10, again_s=1, places=25),
    Crowd("a rehearsal", people=400, rate=40, seconds=20, rehearsed=True),
    Crowd("a rehearsal", edges=8, people=400, rate=40, seconds=20, rehearsed=True),
)


class Compared(NamedTuple):
    """One number, beside the truth."""

    number: str
    truth: float
    said: Figure

    @property
    def error(self) -> float:
        return (self.said.value - self.truth) / max(1.0, self.truth)

    @property
    def holds(self) -> bool:
        """Within 0.5 %, or one; or in the interval; or not less than what is said to be the least."""
        if self.said.at_least:
            return self.said.low <= self.truth * 1.005 + 1
        inside = self.said.low < self.said.high and self.said.low <= self.truth <= self.said.high
        return inside or abs(self.said.value - self.truth) <= max(1.0, 0.005 * self.truth)


@asynccontextmanager
async def front(name: str, folder: Path, house: Whole) -> AsyncIterator[int]:
    """The port that the crowd comes to."""
    if not name:
        yield house.settings.audience_port
        return
    (port,) = free_ports(1)
    (folder / name).mkdir()
    command = getattr(caches, name)(folder / name, port, house.settings.audience_port, house.settings.port)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
            for _ in range(100):
                await asyncio.sleep(0.1)
                try:
                    if (await client.get(f"http://127.0.0.1:{port}/s/{SPACE}")).status_code == 200:
                        break
                except httpx.TransportError:
                    continue
        yield port
    finally:
        process.terminate()
        await process.wait()


async def happens(crowd: Crowd, house: Whole, clock: WallClock) -> None:
    """In the middle of it."""
    middle_s = (crowd.people / crowd.rate + crowd.seconds) / 2
    await asyncio.sleep(middle_s)
    if crowd.event == "kill":
        pid = house.worker("edge-1").pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    if crowd.event == "clock":
        clock.set(STEP_S)
        await asyncio.sleep(middle_s / 2)
        clock.set(0.0)


async def play(crowd: Crowd, house: Whole) -> tuple[int, int]:
    """Devices hear the recording, some twice, some only its beginning; returns how many got a minute, and robots."""
    await house.call("POST", f"/spaces/{SPACE}/end")
    await house.until(SPACE, lambda view: view["state"] == "replay", "the recording is complete", 60)
    file, whole_plays, robots = house.audience(SPACE, "/recording.m4a"), 0, 0
    for number in range(crowd.plays):
        agent = "Googlebot/2.1" if number % 10 == 9 else f"Player/{number % 3}"
        last = RANGE_BYTES if number % 4 else RANGE_BYTES // 8
        robots += number % 10 == 9 and number % 4 > 0
        whole_plays += number % 10 != 9 and number % 4 > 0
        transport = httpx.AsyncHTTPTransport(local_address=f"127.{40 + number // 250}.1.{1 + number % 250}")
        async with httpx.AsyncClient(transport=transport, headers={"User-Agent": agent}, timeout=PATIENCE_S) as client:
            for _ in range(1 + number % 2):
                (await client.get(file, headers={"Range": f"bytes=0-{last}"})).raise_for_status()
    return whole_plays, robots


async def counted(crowd: Crowd, folder: Path, clock: WallClock) -> list[Compared]:
    """Both, side by side."""
    seconds: list[tuple[float, int]] = []

    def look(_: int, second: Second) -> None:
        seconds.append((clock_s(), second.playing))

    def clock_s() -> float:
        return datetime.now(UTC).timestamp()

    async with whole(
        folder / "data", edges=crowd.edges, edge_listeners=crowd.places,
        trusted_proxies="127.0.0.1",
    ) as house, join(house.settings, "house", name="counted") as bus:  # fmt: skip
        await house.space(SPACE)
        await house.call("POST", f"/spaces/{SPACE}/live")
        await asyncio.sleep(WINDOW_S)
        async with front(crowd.front, folder, house) as port:
            stream = f"http://127.0.0.1:{port}/s/{SPACE}{crowd.path}"
            middle = asyncio.create_task(happens(crowd, house, clock))
            report = await rehearsal(crowd, port) if crowd.rehearsed else None
            met = (
                None
                if report
                else await asyncio.to_thread(
                    listen,
                    stream,
                    crowd.people,
                    crowd.rate,
                    crowd.seconds,
                    look,
                    stay_s=crowd.stay_s,
                    again_s=crowd.again_s,
                    frames=crowd.path == STREAM and not crowd.front,  # proxies send it in pieces of their own
                )
            )
            await middle
        await asyncio.sleep(SETTLE_S)
        evening = await EvidenceLog(bus).read()
        played = await play(crowd, house) if crowd.plays else None
        await asyncio.sleep(SETTLE_S)
        rows = await EvidenceLog(bus).read()
    if report is not None:
        return list(compared_with_rehearsal(report, evening))
    assert met is not None
    return list(compared(crowd, met, seconds, evening, rows, played))


async def rehearsal(crowd: Crowd, port: int) -> Rehearsed:
    """As ``stentor rehearse --stay`` does it, each listener from an address of its own."""
    within_s = crowd.people / crowd.rate
    mix = CrowdMix({Format.AAC: 0.7, Format.LOW_LATENCY: 0.3}, shared=0.0, stay=True)
    page = f"http://127.0.0.1:{port}/s/{SPACE}"
    return await rehearse(
        RehearsalPlan(
            page=page,
            listeners=crowd.people,
            curve="steady",
            within_s=within_s,
            for_s=within_s + crowd.seconds,
            mix=mix,
        )
    )


def compared_with_rehearsal(report: Rehearsed, evening: list[EdgeSecond]) -> Iterator[Compared]:
    said = count(SPACE, evening)
    assert said is not None
    seconds = [(report.began_ms / 1000 + second.at_s + 1.0, second.playing) for second in report.seconds]
    yield Compared("hearing", *hearing(seconds, evening))
    yield Compared("peak", report.most_at_once, said.peak)
    yield Compared("unique", report.heard, said.unique)


def compared(
    crowd: Crowd,
    met: Met,
    seconds: list[tuple[float, int]],
    evening: list[EdgeSecond],
    rows: list[EdgeSecond],
    played: tuple[int, int] | None,
) -> Iterator[Compared]:
    said = count(SPACE, evening)
    assert said is not None
    yield Compared("hearing", *hearing(seconds, evening))
    yield Compared("peak", met.peak, said.peak)
    yield Compared("minutes", met.heard_s / 60, said.minutes)
    if crowd.path == STREAM:
        yield Compared("joins", met.joins, said.joins)
        yield Compared("unique", met.people, said.unique)
    if met.minute:
        yield Compared("listeners", met.minute, said.listeners)
    if crowd.places:
        yield Compared("refused", met.refusals, said.refused)
        yield Compared("refused_devices", met.told, said.refused_devices)
        yield Compared("waited", met.let_in, said.waited)
        yield Compared("waited_minutes", met.waited_s / 60, said.waited_minutes)
    if played is not None:
        replay = count(SPACE, rows)
        assert replay is not None
        yield Compared("plays", played[0], replay.plays)
        yield Compared("plays_gross", sum(played), replay.plays_gross)


def hearing(seconds: list[tuple[float, int]], rows: list[EdgeSecond]) -> tuple[float, Figure]:
    """The mean over the seconds at whose end there were as many as at their beginning, within one in a hundred: while
    many come, a fifth of a second between two looks would count for more than what is looked for."""
    tally, playing, told = AudienceTally(SPACE), list[int](), list[float]()
    coming = sorted((row for row in rows if SPACE in row.spaces), key=lambda row: row.at_ms)
    at_least, before = False, 0
    for at, heard in seconds:
        while coming and coming[0].at_ms / 1000 <= at + 0.5:
            tally.hear(coming.pop(0))
        steady, before = abs(heard - before) <= heard / 100, heard
        if heard and steady and (counts := tally.counts()) is not None:
            playing.append(heard)
            told.append(counts.hearing.value)
            at_least |= counts.hearing.at_least
    assert told, "nobody of the crowd heard anything for two seconds"
    said = sum(told) / len(told)
    return sum(playing) / len(playing), Figure(said, said, said, "", None, at_least)


HEADER = "| crowd | edges | number | the crowd's ledger | Stentor says | error |", "|---|---|---|---|---|---|"


def table(found: list[tuple[Crowd, list[Compared]]]) -> str:
    lines = list(HEADER)
    for crowd, numbers in found:
        for one in numbers:
            said = f"{one.said.value:,.2f}".removesuffix(".00")
            if one.said.low < one.said.high:
                said += f" ({one.said.low:,.0f} to {one.said.high:,.0f})"
            said = f"at least {said}" if one.said.at_least else said
            truth = f"{one.truth:,.2f}".removesuffix(".00")
            miss = "" if one.holds else " **miss**"
            lines.append(
                f"| {crowd.name} | {crowd.edges} | `{one.number}` | {truth} | {said} | {one.error:+.2%}{miss} |"
            )
    return "\n".join(lines)


def compare(crowd: Crowd) -> list[Compared]:
    """One crowd, in a process of its own: the clock that may be set is the process's."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        clock = give_clock(patch, Path(folder, "clock"))
        return asyncio.run(counted(crowd, Path(folder), clock))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--only", help="crowds whose names have this; what the page says of others stays")
    parser.add_argument("--at-once", type=int, default=2, help="crowds; each has a Stentor of its own")
    given = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    crowds = [crowd for crowd in CROWDS if not given.only or given.only in crowd.name]
    found, began, failed = [], time.monotonic(), False
    with ProcessPoolExecutor(given.at_once, multiprocessing.get_context("spawn")) as pool:
        for crowd, future in [(crowd, pool.submit(compare, crowd)) for crowd in crowds]:
            try:
                found.append((crowd, future.result()))
            except Exception:  # noqa: BLE001 the others are worth knowing
                failed = True
                print(f"{crowd.name}, edges {crowd.edges}: {traceback.format_exc()}", flush=True)
                continue
            print(table(found[-1:]), flush=True)
    if failed:
        sys.exit("A crowd could not be counted: nothing was written.")
    at = f"{datetime.now(UTC):%-d %B %Y}, commit {commit.stdout.strip()}, {os.cpu_count()} processors"
    at += f", {len(found)} crowds, {given.at_once} at a time, in {(time.monotonic() - began) / 60:.0f} minutes"
    at += f", load average {os.getloadavg()[2]:.0f}"
    given.out.write_text(told(found, at, given.out.read_text("utf-8") if given.out.exists() else ""), "utf-8")


def told(found: list[tuple[Crowd, list[Compared]]], at: str, before: str) -> str:
    """The page: the crowds that were counted now, and of the others what it says already."""
    now = [crowd for crowd, _ in found]
    lines = [*before.splitlines(), *table(found).splitlines()]
    rows: list[str] = []
    for crowd in CROWDS:
        mark = f"| {crowd.name} | {crowd.edges} |"
        latest = {line.split(" | ")[2]: line for line in lines if line.startswith(mark)}
        rows += latest.values()
    runs = [line for line in before.splitlines() if line.startswith("- Run: ")] if len(now) < len(CROWDS) else []
    names = ", ".join(dict.fromkeys(f"{crowd.name} ({crowd.edges})" for crowd in now))
    runs.append(f"- Run: {at}" + (f": {names}." if len(now) < len(CROWDS) else "."))
    return INTRODUCTION + "\n".join([*runs, "", *HEADER, *rows]) + "\n"


INTRODUCTION = """# Counts beside a crowd's ledger

Written by `make proof-counts`. Real edges on one machine, with real crowds of
[`bench/listeners.c`](../../bench/listeners.c) and of rehearsals, which know of each of their listeners what came of it;
they arrive at a steady rate, so there is no seed. A number holds when it is within 0.5 % (or one), its interval has the
truth in it, or it says *at least* and is not above it. What the numbers mean is in [counts](evidence.md).

"""


if __name__ == "__main__":
    main()
