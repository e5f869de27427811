"""An upgrade by hand in the middle of a talk: every role's processes are told to go, one after the other.

One Stentor with two edges and two stages, two real voices that take turns, listeners in every format. What each
departure cost is measured at the listeners and at the speakers.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.bus.stored import bucket
from stentor.bus.streams import LEASES
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.environment import command_environment, role_environment
from stentor.supervisor import ChildProcess
from stentor.wire import manifest
from tests.support.sound import voice
from tests.support.wait import PATIENCE_S, eventually
from tests.support.whole import Whole, in_turn, whole

RATE = 48_000
DRAIN_S = 6.0
BURST_S = 3.5
SEAT_BACK_S = 2.0
AFTER_S = 1.5
"""Between two departures. A player has 3.2 s of sound; one that runs empty later spoils the next departure."""
PLAYERS = ["aac", "mp4", "opus", "aac"] * 3 + ["m3u8"] * 3
ROLES = ("stage", "programme", "archive", "house", "edge")

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]


@dataclass
class Player:
    """One listener, and what it has told of itself so far."""

    kind: str
    task: asyncio.Task[object]
    reports: list[ListenerReport] = field(default_factory=list)

    @property
    def stalled_s(self) -> float:
        return self.reports[-1].stalled_s if self.reports else 0.0


@dataclass
class Departure:
    """What came of telling a role's processes to go."""

    role: str
    at: float
    ended_s: float
    """From the signal to the end of the process; of the last one where there are several."""
    seats_back_s: list[float]
    """For each speaker: from the signal to its new connection; empty when it kept its own."""
    stalled_s: float
    """The longest time that a player had nothing to play."""
    codes: str
    """What ``stentor drain`` printed, where it was used."""


@dataclass
class Story:
    departures: dict[str, Departure]
    entries: list[manifest.Entry]
    doors_open_s: float
    moved: int
    """Streams that began anew while the edges went."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The talk; every test looks at another side of it."""
    told = asyncio.run(_talk(tmp_path_factory.mktemp("drained")))
    for each in told.departures.values():
        began = f"{each.role:10} at {each.at - told.doors_open_s:5.2f} s, ended after {each.ended_s:5.2f} s"
        print(f"{began}, seats back {each.seats_back_s}, stalled {each.stalled_s:.2f} s")
    return told


async def _talk(folder: Path) -> Story:
    voices = in_turn(voice("reader")[: 8 * RATE], voice("cards")[: 8 * RATE], pause_s=0.1)
    async with whole(folder, edges=2, drain_s=DRAIN_S) as house, AsyncExitStack() as stack:
        command = [sys.executable, "-P", "-m", "stentor", "role", "stage", "--instance", "stage-1-test"]
        environment = role_environment("stage", house.settings)
        house.supervisor.start([ChildProcess("stage-1", command, environment, output=folder / "logs" / "stage-1.log")])
        tokens = await house.space("talk", "guest")
        await asyncio.sleep(BURST_S)
        players = [_player(house, kind) for kind in PLAYERS]
        speakers = [
            await stack.enter_async_context(Speaker(house.whip("talk"), tokens[name], said, name=name, seed=1))
            for name, said in zip(("host", "guest"), voices, strict=True)
        ]
        await house.call("POST", "/spaces/talk/live")
        await eventually(lambda: all(each.reports and each.reports[-1].sound_s > 1 for each in players), "all hear it")
        departures = {role: await _drain(house, role, players, speakers) for role in ROLES[:-1]}
        before = sum(each.reports[-1].requests for each in players if each.kind != "m3u8")
        departures["edge"] = await _drain_edges(house, players)
        moved = sum(each.reports[-1].requests for each in players if each.kind != "m3u8") - before
        await house.call("POST", "/spaces/talk/end")
        await asyncio.wait_for(asyncio.gather(*(each.task for each in players)), PATIENCE_S)
        ended = await house.until("talk", lambda view: view["state"] == "replay", "the recording is complete")
        pages = sorted((folder / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
        entries = [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]
        return Story(departures, entries, ended["doors_open_ms"] / 1000, moved)


def _player(house: Whole, kind: str) -> Player:
    reports: list[ListenerReport] = []
    address = house.audience("talk", "/hls/index.m3u8" if kind == "m3u8" else f"/live.{kind}")
    task = asyncio.create_task(probe(address, on_report=reports.append, every_s=0.25, keep_s=1.0), name=kind)
    return Player(kind, task, reports)


async def _process(house: Whole, role: str) -> str:
    """The process that does the work of a role now: who holds the talk's lease, where there is one."""
    if role == "house":
        return "house-0"
    async with join(house.settings, OPERATOR, name="test") as bus:
        holder = ((await bucket(bus, LEASES).get(f"{role}.talk")).value or b"").decode()
    return next(worker.name for worker in house.supervisor.workers if holder.startswith(worker.name))


async def _drain(house: Whole, role: str, players: list[Player], speakers: list[Speaker]) -> Departure:
    """SIGTERM to the process that does the work."""
    worker = house.worker(await _process(house, role))
    stalled, connections = [each.stalled_s for each in players], [each.connections for each in speakers]
    pid, starts, at = worker.pid, worker.starts, time.time()
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    back: dict[str, float] = {}
    ended_s = -1.0
    while time.time() < at + AFTER_S or worker.starts == starts or worker.pid is None:
        for speaker, before in zip(speakers, connections, strict=True):
            if speaker.connections > before:
                back.setdefault(speaker.name, time.time() - at)
        if ended_s < 0 and worker.pid != pid:
            ended_s = time.time() - at
        await asyncio.sleep(0.01)
    await _until_back(house, worker)
    return Departure(role, at, ended_s, list(back.values()), _stalled_since(players, stalled), "")


async def _until_back(house: Whole, worker: ChildProcess) -> None:
    """The new process tells of itself: who upgrades a site by hand waits for that, and a start costs seconds."""
    for _ in range(600):
        with suppress(httpx.TransportError):
            reply = await house.client.get("/api/v1/processes")
            if reply.is_success and worker.pid in [each["pid"] for each in reply.json()["processes"]]:
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{worker.name} does not come back")


async def _drain_edges(house: Whole, players: list[Player]) -> Departure:
    """All edges, one after the other, by the command line."""
    stalled, at = [each.stalled_s for each in players], time.time()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stentor", "drain", "edge",
        env=command_environment(house.settings), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    ended_s = time.time() - at
    assert process.returncode == 0
    await asyncio.sleep(AFTER_S)
    return Departure("edge", at, ended_s, [], _stalled_since(players, stalled), printed.decode())


def _stalled_since(players: list[Player], before: list[float]) -> float:
    return max(each.stalled_s - then for each, then in zip(players, before, strict=True))


def _runs(story: Story) -> Iterator[manifest.Run]:
    for entry in story.entries:
        yield from entry.runs


@pytest.mark.parametrize("role", ROLES)
def test_no_player_runs_empty(story: Story, role: str) -> None:
    """Every process of a site can be replaced while it is on, and nobody in the audience hears a pause."""
    assert story.departures[role].stalled_s == 0.0


def test_seats_are_back_within_two_seconds(story: Story) -> None:
    """Both speakers are on the other stage; no other role's departure takes them off theirs."""
    back = {role: departure.seats_back_s for role, departure in story.departures.items()}
    assert len(back.pop("stage")) == 2
    assert max(story.departures["stage"].seats_back_s) < SEAT_BACK_S
    assert set(map(tuple, back.values())) == {()}


def test_the_programme_has_no_gap(story: Story) -> None:
    """Every chunk is there once; only the stage's departure left fillers, no longer than the seats were away."""
    assert manifest.verify(story.entries) == []
    chunks = [chunk for run in _runs(story) for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    sources = {run.source for run in _runs(story)}
    assert Source.GAP not in sources
    stage = grid.chunk_at(story.departures["stage"].at, story.doors_open_s)
    fillers = [chunk for run in _runs(story) if run.source is Source.FILLER for chunk in range(run.first, run.last)]
    last = stage + SEAT_BACK_S / grid.CHUNK_S + 1
    assert [chunk - stage for chunk in fillers if not stage - 1 <= chunk <= last] == []


def test_the_edges_go_one_after_the_other(story: Story) -> None:
    """``stentor drain edge`` waits until one is back before it asks the next; every stream was moved at least once."""
    lines = [line.partition(" ") for line in story.departures["edge"].codes.splitlines()]
    assert [rest for _, _, rest in lines] == [
        "hands over its work …",
        "is back.",
        "hands over its work …",
        "has ended.",
    ]
    assert story.moved >= sum(kind != "m3u8" for kind in PLAYERS)
