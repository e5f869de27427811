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

import msgspec

from stentor.base.errors import BadInput, Overloaded
from stentor.rehearsal.arrival import ListenerVisit
from stentor.rehearsal.order import CrowdOrder, CrowdTally
from stentor.rehearsal.plan import RehearsalPlan, Target
from stentor.rehearsal.rehearsed import Rehearsed

LISTENERS_A_PROCESS: Final = 15_000
MOST_PROCESSES: Final = 200
"""Each has a loopback network of its own, 127.10 to 127.209."""
START_S: Final = 1.5
"""So long may a process take to be there before the first listener comes; a fifth of a second more for each other."""
LINE_BYTES: Final = 1 << 26
END_S: Final = 60.0
FIRST_NETWORK: Final = 10


async def rehearse(
    plan: RehearsalPlan,
    *,
    processes: int = 0,
    on_progress: Callable[[Rehearsed, int], None] = lambda report, playing: None,
) -> Rehearsed:
    """Carries the plan out from this machine.

    ``processes`` 0 takes one for each 15,000 listeners. ``on_progress`` gets the report so far and how many play now,
    about once a second for each process. Raises :class:`BadInput` for a plan that makes no sense, :class:`Overloaded`
    when a crowd dies.
    """
    plan.check()
    shares = dealt(plan.visits(), processes)
    address = await resolved(plan.target)
    at = time.time() + START_S + 0.2 * len(shares)
    report = Rehearsed.of(plan, at, processes=len(shares))
    tallies = [CrowdTally() for _ in shares]

    def hear(index: int, tally: CrowdTally) -> None:
        tallies[index] = tally
        report.count(tallies)
        on_progress(report, sum(each.playing for each in tallies))

    await drive(plan, address, shares, at=at, told=hear)
    report.judge(tallies)
    return report


async def drive(
    plan: RehearsalPlan,
    address: str,
    shares: Sequence[list[ListenerVisit]],
    *,
    at: float,
    told: Callable[[int, CrowdTally], None],
    seed: int | None = None,
) -> None:
    """A process for each share of the visits, all to their ends; ``told`` gets each one's number and tally.

    ``seed`` stands in for the plan's where several machines have a part each. Raises :class:`Overloaded` when one
    dies; the others end with it.
    """
    target = plan.target
    local = ipaddress.ip_address(address).is_loopback
    first = plan.seed if seed is None else seed
    async with asyncio.TaskGroup() as group:
        for index, share in enumerate(shares):
            order = CrowdOrder(
                target.host, address, target.port, target.secure, target.space, share, plan.mix, at, plan.for_s,
                first + index, plan.storm, FIRST_NETWORK + index if local else None,
            )  # fmt: skip
            group.create_task(_crowd(order, lambda tally, index=index: told(index, tally)), name=f"crowd {index}")  # type: ignore[misc]


def dealt(visits: Sequence[ListenerVisit], processes: int) -> list[list[ListenerVisit]]:
    """The visits for each process: dealt like cards, so that all have the same curve."""
    count = min(max(processes, -(-len(visits) // LISTENERS_A_PROCESS)), len(visits), MOST_PROCESSES)
    return [list(visits[index::count]) for index in range(count)]


async def resolved(target: Target) -> str:
    """An IPv4 address of the host."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, family=socket.AF_INET)
    except OSError as error:
        raise BadInput(f"{target.host} has no IPv4 address: {error.strerror}.", field="page") from error
    return str(found[0][4][0])


async def _crowd(order: CrowdOrder, told: Callable[[CrowdTally], None]) -> None:
    """One process, to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "stentor.rehearsal.crowd",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(order))
        process.stdin.close()
        tally = CrowdTally()
        async with asyncio.timeout(order.for_s + order.at - time.time() + END_S):
            async for line in process.stdout:
                tally = msgspec.json.decode(line, type=CrowdTally)
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
