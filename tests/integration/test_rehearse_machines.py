"""A rehearsal from several machines: real load generators, each a process of ``stentor crowd``, on a real bus."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stentor.base import config
from stentor.base.config import Settings
from stentor.base.errors import NotAllowed, Overloaded
from stentor.bus.connection import Bus, connect
from stentor.rehearsal import share
from stentor.rehearsal.machines import offered, rehearse_from
from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearsed import Rehearsed
from tests.integration.test_rehearse import on_air
from tests.support.edge import SPACE, Rig
from tests.support.nats import nats_server
from tests.support.wait import eventually

PLAIN = CrowdMix({Format.AAC: 1.0}, stay=True)


@asynccontextmanager
async def generators(
    folder: Path, address: str, *options: str, count: int = 2
) -> AsyncIterator[tuple[Bus, list[asyncio.subprocess.Process]]]:
    """A bus with that many processes of ``stentor crowd``, all of one installation, on it and ready."""
    async with nats_server(folder) as server, connect(server.url, name="rehearsal") as bus:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STENTOR_")} | {
            "STENTOR_DATA": str(folder), "STENTOR_NATS_URL": server.url, "STENTOR_AUDIENCE_URL": address,
            "STENTOR_LOG_LEVEL": "ERROR",
        }  # fmt: skip
        running = [
            await asyncio.create_subprocess_exec(sys.executable, "-m", "stentor", "crowd", *options, env=environment)
            for _ in range(count)
        ]
        try:
            names: set[str] = set()
            stop = await bus.subscribe(share.OFFERS, lambda subject, payload: names.add(subject))
            await eventually(lambda: len(names) == count, "the generators offer themselves")
            await stop()
            yield bus, running
        finally:
            for process in running:
                if process.returncode is None:
                    process.terminate()
            codes = [await process.wait() for process in running]
            assert set(codes) <= {0, -9}, "a generator ends well when it is told to"


def secret(folder: Path) -> bytes:
    """The installation's."""
    return config.signing_key(Settings(data=str(folder)))


def page(rig: Rig) -> str:
    return f"http://127.0.0.1:{rig.port}/s/{SPACE}"


async def test_two_machines_drive_one_crowd(tmp_path: Path) -> None:
    """Each has its share, both begin at once, and the edge has counted as many listeners as the one report tells."""
    counted = 0

    def look(report: Rehearsed, playing: int) -> None:
        nonlocal counted
        counted = max(counted, rig.worker.listeners)

    async with on_air() as rig, generators(tmp_path, f"http://127.0.0.1:{rig.port}") as (bus, _):
        plan = RehearsalPlan(page=page(rig), listeners=201, curve="step", within_s=2, for_s=7, mix=PLAIN)
        report = await rehearse_from(bus, 2, plan, secret=secret(tmp_path), on_progress=look)
    assert (report.come, report.heard, report.refused, report.cut, report.processes) == (201, 201, 0, 0, 2)
    assert sorted(machine.listeners for machine in report.machines) == [100, 101]
    assert all((machine.come, machine.lost) == (machine.listeners, "") for machine in report.machines)
    assert not any("drove" in complaint for complaint in report.complaints)
    assert counted >= 190
    assert report.seconds[0].came > 0
    assert sum(second.came for second in report.seconds) == 201


async def test_a_machine_that_vanishes_is_told_of(tmp_path: Path) -> None:
    """Killed in the middle, a generator stands in the report with what it had driven; the other's figures are whole."""
    async with on_air() as rig, generators(tmp_path, f"http://127.0.0.1:{rig.port}") as (bus, running):
        plan = RehearsalPlan(page=page(rig), listeners=100, curve="step", within_s=1, for_s=6, mix=PLAIN)
        rehearsing = asyncio.create_task(rehearse_from(bus, 2, plan, secret=secret(tmp_path)))
        await eventually(lambda: rig.worker.listeners >= 90, "nearly all listen")
        running[0].kill()
        report = await rehearsing
        assert len(await offered(bus, 1)) == 1
    lost, whole = sorted(report.machines, key=lambda machine: not machine.lost)
    assert (lost.listeners, whole.listeners, whole.come, whole.heard, whole.lost) == (50, 50, 50, 50, "")
    assert report.complaints[0].startswith(f"{lost.name} drove 50 listeners and vanished")


async def test_orders_that_are_refused(tmp_path: Path) -> None:
    """An address that the generator was not given, and whoever has the bus and not the secret: nobody comes."""
    async with on_air() as rig, generators(tmp_path, "http://elsewhere.example", count=1) as (bus, _):
        plan = RehearsalPlan(page=page(rig), listeners=10, within_s=1.0, for_s=5.0)
        with pytest.raises(NotAllowed, match=f"--allow http://127.0.0.1:{rig.port}"):
            await rehearse_from(bus, 1, plan, secret=secret(tmp_path))
        with pytest.raises(NotAllowed, match="not signed"):
            await rehearse_from(bus, 1, plan, secret=b"x" * 32)
        with pytest.raises(Overloaded, match="1 of 2 load generators"):
            await rehearse_from(bus, 2, plan, secret=secret(tmp_path))
        assert rig.worker.requests == 0


async def test_an_address_that_is_allowed(tmp_path: Path) -> None:
    """The operator of a generator may let it send listeners elsewhere."""
    async with on_air() as rig:
        allowed = f"http://127.0.0.1:{rig.port}"
        async with generators(tmp_path, "http://elsewhere.example", "--allow", allowed, count=1) as (bus, _):
            plan = RehearsalPlan(page=page(rig), listeners=5, curve="together", within_s=1, for_s=5, mix=PLAIN)
            report = await rehearse_from(bus, 1, plan, secret=secret(tmp_path))
    assert (report.come, report.heard) == (5, 5)
