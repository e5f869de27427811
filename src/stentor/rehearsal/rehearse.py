"""A rehearsal: crowds in processes of their own, on one plan, and one report of what they met."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import msgspec

from stentor.base.errors import BadInput, NotSupported, Overloaded
from stentor.rehearsal.arrival import CURVES, Visit, visits
from stentor.rehearsal.crowd import Order, Tally
from stentor.rehearsal.report import Spread, spread_ms

LISTENERS_A_PROCESS: Final = 15_000
MOST_LISTENERS: Final = 1_000_000
START_S: Final = 1.5
"""So long may the processes take to be there before the first listener comes."""
LINE_BYTES: Final = 1 << 24
END_S: Final = 30.0
FIRST_SOUND_MS: Final = 2000.0
PAUSE_MS: Final = 2420.0
"""The longest write interval, 1.92 s, and half a second."""
LATE_MS: Final = 1000.0
"""A rehearsal that sends its listeners later than this measures itself."""
NOT_TESTED: Final = (
    "HLS players", "pictures, style sheets and scripts of the page", "TLS", "slow lines", "speakers",
)  # fmt: skip


class Rehearsed(msgspec.Struct, kw_only=True):
    """What came of it. ``well`` says whether everybody who came was carried at the agreed quality."""

    address: str
    space: str
    curve: str
    within_s: float
    for_s: float
    seed: int
    processes: int
    began_ms: int
    listeners: int
    come: int = 0
    heard: int = 0
    most_at_once: int = 0
    refused: int = 0
    cut: int = 0
    given_up: int = 0
    received_bytes: int = 0
    first_sound_ms: Spread | None = None
    """From the moment each listener meant to come: page, door, stream."""
    again_ms: Spread | None = None
    """From a cut to the next sound."""
    pause_ms: Spread | None = None
    """The longest time without new sound, of each listener; players hold 3.2 s."""
    paused: int = 0
    """Listeners with a pause above the agreed 2.42 s."""
    late_ms: Spread | None = None
    """How late the rehearsal was in sending its listeners: what it could not do itself."""
    not_tested: tuple[str, ...] = NOT_TESTED

    @property
    def complaints(self) -> list[str]:
        """Why it did not go well, in sentences; empty when it did."""
        first = self.first_sound_ms.p95 if self.first_sound_ms else 0.0
        late = self.late_ms.p95 if self.late_ms else 0.0
        told = {
            f"{self.come - self.heard:,} of {self.come:,} never heard anything.": self.heard < self.come,
            f"{self.refused:,} times nobody was let in.": self.refused > 0,
            f"{self.cut:,} streams broke off.": self.cut > 0,
            f"{self.paused:,} had a pause of more than {PAUSE_MS / 1000:.2f} s.": self.paused > 0,
            f"The first sound took {first / 1000:.1f} s for one in twenty.": first > FIRST_SOUND_MS,
            f"The rehearsal itself was {late / 1000:.1f} s late: use more machines.": late > LATE_MS,
        }
        return [sentence for sentence, true in told.items() if true]

    def json(self) -> bytes:
        """The report as JSON, indented, with the verdict."""
        document = {**msgspec.to_builtins(self), "well": not self.complaints, "complaints": self.complaints}
        return msgspec.json.format(msgspec.json.encode(document), indent=2)


async def rehearse(
    page: str,
    *,
    listeners: int,
    curve: str = "flash",
    within_s: float,
    for_s: float,
    seed: int = 1,
    on_progress: Callable[[Rehearsed, int], None] = lambda report, playing: None,
) -> Rehearsed:
    """Sends ``listeners`` to a listener's page, all within ``within_s`` seconds, for ``for_s`` seconds in all.

    ``on_progress`` gets the report so far and how many play now, about once a second. Raises :class:`BadInput` for
    numbers that make no sense, :class:`NotSupported` for an https address, :class:`Overloaded` when a crowd dies.
    """
    host, port, space = _target(page)
    if curve not in CURVES:
        raise BadInput(f"There is no arrival curve {curve!r}; choose one of {', '.join(CURVES)}.", field="arrive")
    if not 0 < listeners <= MOST_LISTENERS or not 0 < within_s <= for_s:
        raise BadInput("A rehearsal has 1 to 1,000,000 listeners, who come within its time.", field="listeners")
    plan = visits(listeners, curve, within_s=within_s, for_s=for_s, seed=seed)
    shares = _shares(plan)
    at = time.time() + START_S
    report = Rehearsed(
        address=f"http://{host}:{port}", space=space, curve=curve, within_s=within_s, for_s=for_s, seed=seed,
        processes=len(shares), began_ms=round(at * 1000), listeners=listeners,
    )  # fmt: skip
    tallies = [Tally() for _ in shares]

    def hear(index: int, tally: Tally) -> None:
        tallies[index] = tally
        _sum(report, tallies)
        on_progress(report, sum(each.playing for each in tallies))

    address, local = await _resolved(host, port)
    async with asyncio.TaskGroup() as group:
        for index, share in enumerate(shares):
            order = Order(address, port, space, share, at, for_s, seed + index, _source(index) if local else "")
            group.create_task(_crowd(order, lambda tally, index=index: hear(index, tally)), name=f"crowd {index}")  # type: ignore[misc]
    _judge(report, tallies)
    return report


def _target(page: str) -> tuple[str, int, str]:
    """Host, port and space of a listener's page."""
    parts = urlsplit(page)
    if parts.scheme == "https":
        raise NotSupported("A rehearsal speaks plain http: name the edges' own address, behind what ends TLS.")
    folder, _, space = parts.path.strip("/").partition("/")
    if parts.scheme != "http" or not parts.hostname or folder != "s" or not space or "/" in space:
        raise BadInput(f"{page!r} is no listener's page; it looks like http://localhost:8081/s/evening.", field="page")
    return parts.hostname, parts.port or 80, space


def _shares(plan: Sequence[Visit]) -> list[list[Visit]]:
    """The plan for each process: dealt like cards, so that all have the same curve."""
    count = -(-len(plan) // LISTENERS_A_PROCESS)
    return [list(plan[index::count]) for index in range(count)]


async def _resolved(host: str, port: int) -> tuple[str, bool]:
    """An IPv4 address of the host, and whether it is this machine's loopback."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET)
    except OSError as error:
        raise BadInput(f"{host} has no IPv4 address: {error.strerror}.", field="page") from error
    address = str(found[0][4][0])
    return address, ipaddress.ip_address(address).is_loopback


def _source(index: int) -> str:
    """A loopback address for each process: one address has ports for 28,000 connections to the same place."""
    return f"127.0.{1 + index // 250}.{1 + index % 250}"


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
        async with asyncio.timeout(order.for_s + START_S + END_S):
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


def _sum(report: Rehearsed, tallies: Sequence[Tally]) -> None:
    for name in ("come", "heard", "refused", "cut", "given_up"):
        setattr(report, name, sum(getattr(tally, name) for tally in tallies))
    report.received_bytes = sum(tally.received for tally in tallies)
    report.most_at_once = max(report.most_at_once, sum(tally.playing for tally in tallies))


def _judge(report: Rehearsed, tallies: Sequence[Tally]) -> None:
    def all_of(name: str) -> list[float]:
        return [value for tally in tallies for value in getattr(tally, name)]

    report.first_sound_ms = spread_ms(all_of("first_s"))
    report.again_ms = spread_ms(all_of("again_s"))
    report.pause_ms = spread_ms(all_of("pause_s"))
    report.late_ms = spread_ms(all_of("late_s"))
    report.paused = sum(pause_s * 1000 > PAUSE_MS for pause_s in all_of("pause_s"))
