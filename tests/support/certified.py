"""What a readiness certificate claims, beside the limit that an overload finds: ``python -m tests.support.certified``.

A whole Stentor with one edge that may have few connections or little processor, so that its limit is near. First more
come than it can carry: the limit is how many heard it at once before somebody fared ill or was told to wait. Then
rehearsals to 60, 80 and 95 % of that, of which each makes its claim. Writes docs/reference/certified.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from stentor import app
from stentor.base.config import Settings
from stentor.base.descriptors import RESERVED_DESCRIPTORS
from stentor.base.errors import StentorError
from stentor.cli.house import House
from stentor.rehearsal.certificate import Extrapolation, carried, extrapolate
from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed
from stentor.rehearsal.watch import EdgeWatch
from stentor.supervisor import ChildProcess
from tests.support.certificates import Authority
from tests.support.whole import Whole, whole

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "certified.md"
SPACE = "talk"
SHARES = 0.6, 0.8, 0.95
BOUND = 0.15
REST_S = 6.0
"""Between two rehearsals: what an edge measures is over 3.84 s."""


CONNECTIONS = 1000
PERIOD_US = 50_000
"""Of a quota: short beside the 100 ms by which a loop is looked at."""


@dataclass(frozen=True)
class Crowd:
    """Who comes."""

    name: str
    ways: dict[Format, float]
    tls: bool = False
    processor: float = 0.0
    """Of a processor, that the edge may use; 0: all of one, and few connections."""
    most: int = round(1.3 * CONNECTIONS)
    """How many come when the limit is looked for: more than the edge can carry."""


CROWDS = (
    Crowd("plain streams", {Format.AAC: 1.0}),
    Crowd("streams with TLS", {Format.AAC: 1.0}, tls=True),
    Crowd("HLS", {Format.LOW_LATENCY: 1.0}),
    Crowd("plain streams, little processor", {Format.AAC: 1.0}, processor=0.03, most=2400),
    Crowd("streams with TLS, little processor", {Format.AAC: 1.0}, tls=True, processor=0.08, most=2000),
    Crowd("HLS, little processor", {Format.LOW_LATENCY: 1.0}, processor=0.05, most=1200),
)


def small_edges(patch: pytest.MonkeyPatch, connections: int = CONNECTIONS) -> None:
    """The system gives all edges that are started from now on few descriptors (prlimit(1))."""
    most = connections + RESERVED_DESCRIPTORS
    _edges_begin(patch, ["prlimit", f"--nofile={most}:{most}"])


@contextmanager
def slow_edges(patch: pytest.MonkeyPatch, share: float) -> Iterator[None]:
    """All edges that are started from now on have so much of a processor together: a control group with a quota, as
    containers have (cgroups(7), CPU controller). Needs the rights to make one."""
    old, new = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    group = (old if old.is_dir() else new) / f"stentor-{os.getpid()}"
    group.mkdir()
    try:
        if old.is_dir():
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(round(share * PERIOD_US)))
        else:
            (group / "cpu.max").write_text(f"{round(share * PERIOD_US)} {PERIOD_US}")
        _edges_begin(patch, ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"])
        yield
    finally:
        group.rmdir()


@contextmanager
def limited(crowd: Crowd, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Edges have few connections or little processor."""
    if not crowd.processor:
        small_edges(patch)
        yield
        return
    with slow_edges(patch, crowd.processor):
        yield


def _edges_begin(patch: pytest.MonkeyPatch, command: list[str]) -> None:
    """With this before their own command."""
    workers = app.workers

    def begun(settings: Settings, logs: Path | None) -> list[ChildProcess]:
        found = workers(settings, logs)
        for worker in found:
            if worker.name.startswith("edge"):
                worker.command = [*command, *worker.command]
        return found

    patch.setattr(app, "workers", begun)


class Claimed(NamedTuple):
    """One rehearsal."""

    share: float
    driven: int
    carried: int
    claim: Extrapolation | None

    def off(self, limit: int) -> float | None:
        """How far the claim is from the limit, as a share of that."""
        return self.claim.listeners / limit - 1 if self.claim else None


Found = tuple[Crowd, int, str, list[Claimed]]
HEADER = (
    "| crowd | limit found | driven | carried | claim | its error | of what | off |",
    "|---|---|---|---|---|---|---|---|",
)


async def driven(crowd: Crowd, house: Whole, listeners: int, *, within_s: float, for_s: float) -> Rehearsed:
    """A rehearsal as ``stentor rehearse --straight --stay`` does it."""
    scheme = "https" if crowd.tls else "http"
    page = f"{scheme}://127.0.0.1:{house.settings.audience_port}/s/{SPACE}"
    mix = CrowdMix(crowd.ways, shared=0.0, straight=True, stay=True)
    plan = RehearsalPlan(
        page=page, listeners=listeners, curve="steady", within_s=within_s, for_s=for_s, mix=mix
    )  # fmt: skip
    with House(house.settings) as asked:
        watch = EdgeWatch(lambda: asked.get("/processes")["processes"], began=time.time())
        looking = asyncio.create_task(watch.run(), name="look at the edges")
        try:
            report = await rehearse(plan)
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError, StentorError):
                await looking
    await asyncio.sleep(REST_S)
    return msgspec.structs.replace(report, edges=watch.looks)


def limit_of(report: Rehearsed) -> int:
    """How many heard it at once at the agreed quality, before the first trouble or the first who was told to wait."""
    most = 0
    for second in report.seconds:
        if second.waiting:
            break
        most = max(most, second.playing)
    return min(most, carried(report) or most)


async def certified(crowd: Crowd, folder: Path) -> tuple[int, str, list[Claimed]]:
    """The limit, why there are no more, and what three rehearsals claim."""
    options: dict[str, Any] = {}
    if crowd.tls:
        authority = Authority(folder)
        options = {"tls_cert": str(authority.chain), "tls_key": str(authority.key)}
    async with whole(folder / "data", edges=1, **options) as house:
        await house.space(SPACE)
        await house.call("POST", f"/spaces/{SPACE}/live")
        await asyncio.sleep(REST_S)
        over = await driven(crowd, house, crowd.most, within_s=26, for_s=31)
        limit, found = limit_of(over), list[Claimed]()
        why = "; ".join(over.complaints) or f"{over.waited:,} were told to wait"
        print(crowd.name, "limit", limit, why, flush=True)
        for share in SHARES:
            report = await driven(crowd, house, round(share * limit), within_s=12, for_s=18)
            found.append(Claimed(share, report.listeners, carried(report), extrapolate(report.edges)))
            print(crowd.name, found[-1], flush=True)
    return limit, why, found


def table(found: Sequence[Found]) -> str:
    lines = list(HEADER)
    for crowd, limit, _, claims in found:
        for one in claims:
            off = one.off(limit)
            claim = "– | – | –" if one.claim is None else (
                f"{one.claim.listeners:,} | ±{one.claim.error:.0%} | {one.claim.resource}"
                + ("" if one.claim.in_sight else ", not in sight")
            )  # fmt: skip
            miss = "" if off is not None and abs(off) <= BOUND else " **miss**"
            said = "–" if off is None else f"{off:+.0%}"
            lines.append(
                f"| {crowd.name} | {limit:,} | {one.driven:,} ({one.share:.0%}) "
                f"| {one.carried:,} | {claim} | {said}{miss} |"
            )
    lines += ["", *(f"- {crowd.name} – {why}" for crowd, _, why, _ in found)]
    return "\n".join(lines)


def told(found: Sequence[Found], at: str, before: str) -> str:
    """The page: the crowds that were driven now, and of the others what it says already."""
    now = {crowd.name for crowd, *_ in found}
    rows, ended = [], []
    lines = [*before.splitlines(), *table(found).splitlines()]
    for crowd in CROWDS:
        these = [line for line in lines if line.startswith(f"| {crowd.name} |")]
        rows += these[-len(SHARES) :]
        why = [line for line in lines if line.startswith(f"- {crowd.name} ")]
        ended += [f"{line} ({at})" if crowd.name in now else line for line in why[-1:]]
    parts = [
        INTRODUCTION,
        "\n".join([*HEADER, *rows]),
        "\n\nWhat ended it, and when that was driven:\n\n",
        "\n".join(ended),
    ]
    return "".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--only", help="crowds whose names have this; what the page says of others stays")
    given = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    found = []
    for crowd in CROWDS:
        if given.only and given.only not in crowd.name:
            continue
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, limited(crowd, patch):
            found.append((crowd, *asyncio.run(certified(crowd, Path(folder)))))
        print(table(found[-1:]), flush=True)
        at = f"{datetime.now(UTC):%-d %B %Y}, commit {commit.stdout.strip()}, load average {os.getloadavg()[1]:.0f}"
        page = told(found[-1:], at, given.out.read_text("utf-8") if given.out.exists() else "")
        given.out.write_text(page, "utf-8")


INTRODUCTION = """# A certificate's claim beside the limit

`make proof-certificate`, on two shared processors. A whole Stentor with one edge. First more come than it can carry:
the *limit* is how many heard it at once before somebody fared ill or was told to wait. Then a rehearsal to 60, 80 and
95 % of that, each with the claim of its [certificate](../howto/rehearse.md#the-readiness-certificate). A claim that is
more than 15 % off is a miss.

Two kinds of limit are found so. *Places*: the edge may have 1,000 connections, since the system gives it few
descriptors. The door lets the first wait when three quarters of the places are taken, and one connection in twenty is
no place: here at 712 listeners. The door looks once a second, and so does whoever looks for the limit: with 50 who
come in a second it is found to within 50 or 100.

*Little processor*: the edge may use a part of one processor, by a quota of its control group, as containers have it
(3 % for plain streams). That share is the whole of what it reckons with, and of what the certificate says. A claim ends
at 85 % of the processor, beyond which waiting times grow; an overload goes on to all of it, so that a claim is to be
expected at 15 % below the limit, and more where the line is uncertain. These claims are off by far more, and why is in
each certificate (`checked`): who comes costs as much as many seconds of listening, so what an edge with little
processor carries depends on how many come in a second; and when it is short of processor it writes to more listeners
each time it wakes, so that its use is no straight line. With 6 % of a processor, all 6,000 who came at a hundred a
second heard it well, where lines through rehearsals to 3,600 and 4,800 of them had ended below 2,000.

"""


if __name__ == "__main__":
    main()
