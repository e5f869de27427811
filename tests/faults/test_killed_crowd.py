"""Kill -9 at the peak: an edge, the stage and the programme die with thousands of listeners present.

The listeners are programs of the crowd generator, who come back as the listener's page does: 0.5 to 3 s after a cut.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.bus.stored import bucket
from stentor.bus.streams import LEASES
from stentor.client.speaker import Speaker
from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed
from tests.support.sound import voice
from tests.support.wait import eventually
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

LISTENERS = 3000
MIX = CrowdMix({Format.AAC: 2.0, Format.OPUS: 1.0, Format.MP4: 1.0}, stay=True)
COME_S = 4.0
AFTER_S = 6.0
FOR_S = 45.0
BACK_S = 10.0
KILLED = ("edge", "stage", "programme")


@dataclass
class Death:
    """What one kill cost: listeners whom the process served, streams that broke, players that ran dry."""

    served: int
    cut: int
    stalls: int
    back_s: float
    """Until as many as before were playing."""


@dataclass
class Story:
    deaths: dict[str, Death]
    report: Rehearsed


class Progress:
    """The rehearsal as it goes on."""

    def __init__(self) -> None:
        self.cut = self.stalls = self.playing = self.looks = 0

    def look(self, report: Rehearsed, playing: int) -> None:
        self.cut, self.stalls, self.playing = report.cut, report.stalls, playing
        self.looks += 1


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One talk with its three deaths; every test looks at another side of it."""
    told = asyncio.run(_talk(tmp_path_factory.mktemp("crowd")))
    for name, death in told.deaths.items():
        print(f"\n{name:10} {death}", end="")
    print(f"\nagain {told.report.again_ms}, pauses {told.report.pause_ms}, p99 {told.report.pause_p99_ms} ms")
    return told


async def _talk(folder: Path) -> Story:
    async with whole(folder, edges=2) as house:
        tokens = await house.space("talk")
        said = voice("reader")[: 8 * 48_000]
        async with Speaker(house.whip("talk"), tokens["host"], said, name="host", pause_s=0.1, seed=1):
            await house.call("POST", "/spaces/talk/live")
            await house.until("talk", lambda view: view["lights"]["stage"]["color"] == "green", "the host is heard")
            progress = Progress()
            page = house.audience("talk")
            plan = RehearsalPlan(page=page, listeners=LISTENERS, curve="steady", within_s=COME_S, for_s=FOR_S, mix=MIX)
            rehearsing = asyncio.create_task(rehearse(plan, on_progress=progress.look), name="crowd")
            await eventually(lambda: progress.playing == LISTENERS, "all listen")
            await asyncio.sleep(2.0)
            deaths = {role: await _kill(house, await _process(house, role), progress) for role in KILLED}
            return Story(deaths, await rehearsing)


async def _process(house: Whole, role: str) -> str:
    """The process of a role; for the programme the one that speaks."""
    if role != "programme":
        return f"{role}-0"
    async with join(house.settings, OPERATOR, name="test") as bus:
        holder = ((await bucket(bus, LEASES).get("programme.talk")).value or b"").decode()
    return next(worker.name for worker in house.supervisor.workers if holder.startswith(worker.name))


async def _kill(house: Whole, name: str, progress: Progress) -> Death:
    """Kills a process, waits until all are playing again, and a little longer for what the buffers hide at first."""
    worker = house.worker(name)
    assert worker.pid is not None
    served = _served(worker.pid, house.settings.audience_port)
    cut, stalls, starts = progress.cut, progress.stalls, worker.starts
    loop = asyncio.get_running_loop()
    at = loop.time()
    os.kill(worker.pid, signal.SIGKILL)
    looks = progress.looks
    await eventually(lambda: worker.starts > starts and worker.pid is not None, f"{name} is started again")
    await eventually(lambda: progress.looks > looks + 1 and progress.playing == LISTENERS, "all listen again")
    back_s = loop.time() - at
    await asyncio.sleep(AFTER_S)
    return Death(served, progress.cut - cut, progress.stalls - stalls, back_s)


def _served(pid: int, port: int) -> int:
    """How many connections the process has on the audience's port."""
    connections = psutil.Process(pid).net_connections("tcp")
    return sum(each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port for each in connections)


def test_the_listeners_of_a_dead_edge_are_back_within_ten_seconds(story: Story) -> None:
    """Every one of them, and not all in the same moment: the last comes seconds after the first."""
    death, again = story.deaths["edge"], story.report.again_ms
    assert death.cut > LISTENERS / 4
    assert death.back_s < BACK_S
    assert again is not None
    assert again.most < BACK_S * 1000
    assert again.p95 - again.median > 500


def test_nobody_at_the_other_edge_notices(story: Story) -> None:
    """As many streams broke as the dead edge served, and no player ran dry."""
    death = story.deaths["edge"]
    assert death.cut == death.served
    assert death.stalls == 0


@pytest.mark.parametrize("role", ["stage", "programme"])
def test_no_other_death_drops_anybody(story: Story, role: str) -> None:
    """With thousands present, too: no stream breaks and no player runs dry."""
    assert (story.deaths[role].cut, story.deaths[role].stalls) == (0, 0)


def test_all_of_them_were_there_to_the_end(story: Story) -> None:
    """All have heard something, and nobody gave up."""
    assert (story.report.heard, story.report.unheard, story.report.given_up) == (LISTENERS, 0, 0)
