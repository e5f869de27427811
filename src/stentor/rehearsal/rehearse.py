"""A rehearsal: crowds in processes of their own, on one plan, and one report of what they met."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from stentor.base.errors import BadInput, Overloaded
from stentor.rehearsal.arrival import CURVES, Visit, visits
from stentor.rehearsal.order import Mix, Order, Storm, Tally, Way
from stentor.rehearsal.rehearsed import Rehearsed

LISTENERS_A_PROCESS: Final = 15_000
MOST_LISTENERS: Final = 1_000_000
MOST_PROCESSES: Final = 200
"""Each has a loopback network of its own, 127.10 to 127.209."""
START_S: Final = 1.5
"""So long may a process take to be there before the first listener comes; a fifth of a second more for each other."""
LINE_BYTES: Final = 1 << 26
END_S: Final = 60.0
FIRST_NETWORK: Final = 10
PAGE_MIX: Final = Mix(
    {Way.LOW_LATENCY: 4.0, Way.AAC: 3.0, Way.HLS: 1.0, Way.OPUS: 1.0, Way.MP4: 1.0}, slow=0.02, slow_bps=40_000.0
)
"""Half of them browsers that play HLS as the page does, half players and programs that take a plain stream; one in
fifty has a line that carries less than the sound. Assumed: no public figure says how a radio's listeners are split."""


class Target(NamedTuple):
    """A listener's page, taken apart."""

    secure: bool
    host: str
    port: int
    space: str

    @property
    def address(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}"


async def rehearse(
    page: str,
    *,
    listeners: int,
    curve: str = "flash",
    within_s: float,
    for_s: float,
    seed: int = 1,
    mix: Mix = PAGE_MIX,
    storm: Storm | None = None,
    processes: int = 0,
    on_progress: Callable[[Rehearsed, int], None] = lambda report, playing: None,
) -> Rehearsed:
    """Sends ``listeners`` to a listener's page, all within ``within_s`` seconds, for ``for_s`` seconds in all.

    ``processes`` 0 takes one for each 15,000. ``on_progress`` gets the report so far and how many play now, about once
    a second for each process. Raises :class:`BadInput` for numbers that make no sense, :class:`Overloaded` when a crowd
    dies.
    """
    target = taken_apart(page)
    check(listeners, curve, within_s, for_s, mix, storm)
    plan = visits(listeners, curve, within_s=within_s, for_s=for_s, seed=seed, stay=mix.stay)
    shares = dealt(plan, processes)
    address = await resolved(target)
    at = time.time() + START_S + 0.2 * len(shares)
    report = Rehearsed(
        address=target.address, space=target.space, curve=curve, within_s=within_s, for_s=for_s, seed=seed,
        processes=len(shares), began_ms=round(at * 1000), listeners=listeners, mix=mix, storm=storm,
    )  # fmt: skip
    tallies = [Tally() for _ in shares]

    def hear(index: int, tally: Tally) -> None:
        tallies[index] = tally
        report.count(tallies)
        on_progress(report, sum(each.playing for each in tallies))

    await drive(target, address, shares, mix=mix, at=at, for_s=for_s, seed=seed, storm=storm, told=hear)
    report.judge(tallies)
    return report


async def drive(
    target: Target,
    address: str,
    shares: Sequence[list[Visit]],
    *,
    mix: Mix,
    at: float,
    for_s: float,
    seed: int,
    storm: Storm | None,
    told: Callable[[int, Tally], None],
) -> None:
    """A process for each share of the visits, all to their ends; ``told`` gets each one's number and tally.

    Raises :class:`Overloaded` when one dies; the others end with it.
    """
    local = ipaddress.ip_address(address).is_loopback
    async with asyncio.TaskGroup() as group:
        for index, share in enumerate(shares):
            order = Order(
                target.host, address, target.port, target.secure, target.space, share, mix, at, for_s, seed + index,
                storm, FIRST_NETWORK + index if local else None,
            )  # fmt: skip
            group.create_task(_crowd(order, lambda tally, index=index: told(index, tally)), name=f"crowd {index}")  # type: ignore[misc]


def check(listeners: int, curve: str, within_s: float, for_s: float, mix: Mix, storm: Storm | None) -> None:
    """Raises :class:`BadInput` for numbers that make no sense."""
    if curve not in CURVES:
        raise BadInput(f"There is no arrival curve {curve!r}; choose one of {', '.join(CURVES)}.", field="arrive")
    if not 0 < listeners <= MOST_LISTENERS or not 0 < within_s <= for_s:
        raise BadInput("A rehearsal has 1 to 1,000,000 listeners, who come within its time.", field="listeners")
    if min(mix.ways.values(), default=0.0) < 0 or sum(mix.ways.values()) <= 0:
        raise BadInput("The ways to listen have weights, and one of them is more than 0.", field="ways")
    if not all(0 <= share <= 1 for share in (mix.slow, mix.shared)) or mix.slow_bps < 1000:
        raise BadInput("Shares of the crowd are between 0 and 1, and a slow line has 1 kbit/s or more.", field="mix")
    if storm is not None and not (0 < storm.share <= 1 and 0 < storm.at_s < for_s):
        raise BadInput("A storm breaks a share of the streams while the rehearsal runs.", field="storm")


def taken_apart(page: str) -> Target:
    """A listener's page. Raises :class:`BadInput` for an address that is none."""
    parts = urlsplit(page)
    folder, _, space = parts.path.strip("/").partition("/")
    if parts.scheme not in ("http", "https") or not parts.hostname or folder != "s" or not space or "/" in space:
        raise BadInput(f"{page!r} is no listener's page; it looks like http://localhost:8081/s/evening.", field="page")
    secure = parts.scheme == "https"
    return Target(secure, parts.hostname, parts.port or (443 if secure else 80), space)


def dealt(plan: Sequence[Visit], processes: int) -> list[list[Visit]]:
    """The plan for each process: dealt like cards, so that all have the same curve."""
    count = min(max(processes, -(-len(plan) // LISTENERS_A_PROCESS)), len(plan), MOST_PROCESSES)
    return [list(plan[index::count]) for index in range(count)]


async def resolved(target: Target) -> str:
    """An IPv4 address of the host."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, family=socket.AF_INET)
    except OSError as error:
        raise BadInput(f"{target.host} has no IPv4 address: {error.strerror}.", field="page") from error
    return str(found[0][4][0])


async def _crowd(order: Order, told: Callable[[Tally], None]) -> None:
    """One process, to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stentor.rehearsal.crowd",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(order))
        process.stdin.close()
        tally = Tally()
        async with asyncio.timeout(order.for_s + order.at - time.time() + END_S):
            async for line in process.stdout:
                tally = msgspec.json.decode(line, type=Tally)
                told(tally)
            await process.wait()
        if not tally.last:
            raise Overloaded(f"A crowd ended with code {process.returncode} in the middle.", retry_after_s=1.0)
    except TimeoutError as error:
        raise Overloaded("A crowd did not end in time; this machine is too slow for it.", retry_after_s=1.0) from error
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
