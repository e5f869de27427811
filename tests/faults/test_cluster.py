"""Stentor on many machines, with a host on the stage: servers are killed and cables pulled, one after the other.
Then all is upgraded, as a careful operator does it: NATS servers are restarted, roles drained.

Three NATS servers, a PostgreSQL and two machines that each run two programmes, two edges and one of every other role,
each in a network namespace of its own. Listeners hear from both machines all the time.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nats.errors
import numpy as np
import pytest

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.bus.stored import bucket
from stentor.bus.streams import LEASES
from stentor.client.history import SoundHistory
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.wire import manifest
from tests.support.cluster import MACHINES, Cluster, cluster
from tests.support.namespaces import network
from tests.support.sound import MATCHED, correlation, voice
from tests.support.wait import PATIENCE_S, eventually

RATE = 48_000
KINDS = ("aac", "opus")
BURST_S = 3.5
"""Who joins when the doors have been open for so long gets the whole burst."""
CUT_S = 6.0
WATCH_S = 9.0
"""So long is everything watched after a loss; a cluster elects a new leader in 4 to 9 s."""
DRAINED = ("archive", "stage", "programme")
"""The roles that are drained on both machines, in the order of an upgrade."""
SAID_S = 1.5
STEP_S = 0.2
BACK_S = 3.0
"""Within this, words spoken after a loss are heard: under the 3.2 s that players have in their buffers."""
CABLE_BACK_S = 5.0
"""A server that vanishes without a word is noticed after a second and a half; if it kept the stage's lease as well,
another stage may take the space, and the speaker joins anew there: 0.7 to 2.8 s, on busy machines up to 4.1 s."""
MACHINE_BACK_S = 6.0
"""A stage that vanishes is replaced after two seconds, and the speaker joins anew at the other."""

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(300)]


@dataclass
class Listener:
    """One listener at one machine's edges."""

    machine: str
    task: asyncio.Task[tuple[ListenerReport, SoundHistory]]
    reports: list[ListenerReport] = field(default_factory=list)


@dataclass
class Loss:
    """What was lost, when (wall-clock seconds), and what the listeners of living edges noticed."""

    at: float
    reconnects: int
    stalled_s: float
    calls: list[int]
    """What the house of a living machine answered meanwhile, when its host's page asked; 0 for nothing at all."""
    back_s: float = float("inf")
    """From the loss to the arrival of words spoken after it, for the slowest listener."""


@dataclass
class Story:
    losses: dict[str, Loss]
    entries: list[manifest.Entry]
    gap_report: dict[str, Any]
    doors_open_s: float


@pytest.fixture(scope="module")
def story() -> Story:
    """The talk with its losses; every test looks at another side of it."""
    # PostgreSQL runs as a user of its own, and pytest shuts its folders to all others whenever one starts
    with tempfile.TemporaryDirectory(prefix="stentor-cluster-") as folder:
        Path(folder).chmod(0o755)
        told = asyncio.run(_talk(Path(folder)))
    for name, loss in told.losses.items():
        print(f"\n{name:10} back after {loss.back_s:.2f} s, stalled {loss.stalled_s:.2f} s, calls {loss.calls}", end="")
    return told


async def _talk(folder: Path) -> Story:
    with network() as net:
        async with cluster(net, folder) as many:
            return await _with_losses(many)


async def _with_losses(many: Cluster) -> Story:
    made = await many.call("m1", "POST", "/spaces", {"id": "talk", "title": "The talk", "host_name": "host"})
    await many.call("m2", "POST", "/spaces/talk/doors")
    stage = await _holder(many, "stage.talk")
    other = next(name for name in MACHINES if name != stage)
    await asyncio.sleep(BURST_S)
    listeners = await _listeners(many)
    said = voice("reader")[: 12 * RATE]
    async with Speaker(many.whip(other, "talk"), made["invitation"]["token"], said, name="host", seed=1) as speaker:
        await many.call(other, "POST", "/spaces/talk/live")
        await _in_order(many, other)
        losses = {
            "leader": await _lose(many, _killed_leader(many), listeners, MACHINES, other),
            "cable": await _lose(many, _pulled(many), listeners, MACHINES, other),
            "database": await _lose(many, _killed(many.database), listeners, MACHINES, other),
            "machine": await _lose(many, _killed(many.machines[stage]), listeners, (other,), other),
            "servers": await _lose(many, _restarted(many), listeners, (other,), other),
            "roles": await _lose(many, _drained(many, other), listeners, (other,), other),
        }
        await many.call(other, "POST", "/spaces/talk/end")
        living = [listener for listener in listeners if listener.machine == other]
        heard = [await asyncio.wait_for(listener.task, PATIENCE_S) for listener in living]
        for loss in losses.values():
            loss.back_s = max(_back(loss.at, speaker, sound) for _, sound in heard)
    for listener in listeners:
        listener.task.cancel()
    ended = await _until(many, other, lambda view: view["state"] == "replay", "the recording is complete")
    gap_report = (await many.clients[other].get(many.audience(other, "talk", "/gaps.json"))).json()
    pages = sorted((many.folder / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
    entries = [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]
    return Story(losses, entries, gap_report, ended["doors_open_ms"] / 1000)


@asynccontextmanager
async def _killed_leader(many: Cluster) -> AsyncIterator[None]:
    """The NATS server that leads the log of chunks dies, and comes back afterwards."""
    leader = many.servers[many.leader("CHUNKS")]
    leader.kill()
    yield
    leader.again()
    await eventually(lambda: many.in_step("CHUNKS"), "the server that came back has everything")


@asynccontextmanager
async def _pulled(many: Cluster) -> AsyncIterator[None]:
    """The cable of the NATS server that leads now is pulled for :data:`CUT_S`: nobody is told, packets vanish."""
    with many.network.unplugged(many.leader("CHUNKS")):
        await asyncio.sleep(CUT_S)
    yield
    await eventually(lambda: many.in_step("CHUNKS"), "the server that was cut off has everything")


@asynccontextmanager
async def _restarted(many: Cluster) -> AsyncIterator[None]:
    """The NATS servers are stopped and started, each when the one before has everything again."""
    for server in many.servers.values():
        await server.restart()
        await eventually(lambda: many.in_step("CHUNKS"), "the server that was restarted has everything")
    yield


@asynccontextmanager
async def _drained(many: Cluster, machine: str) -> AsyncIterator[None]:
    """What makes sound hands over its work on both machines, in the order of an upgrade."""
    for role in DRAINED:
        await many.stentor(machine, "drain", role)
    yield


@asynccontextmanager
async def _killed(process: Any) -> AsyncIterator[None]:
    """It dies with all that it started, and is started again afterwards."""
    process.kill()
    yield
    process.again()


async def _lose(many: Cluster, fault: Any, listeners: list[Listener], living: tuple[str, ...], house: str) -> Loss:
    """Watches the listeners of the living machines from the moment of the loss on; then all is well again."""
    watched = [listener for listener in listeners if listener.machine in living]
    before = [listener.reports[-1] for listener in watched]
    at, calls = time.time(), list[int]()
    async with fault:
        while time.time() < at + WATCH_S:
            calls.append(await _ask(many, house))
            await asyncio.sleep(0.5)
        after = [listener.reports[-1] for listener in watched]
    await _in_order(many, house)
    return Loss(
        at,
        reconnects=sum(now.requests - then.requests for now, then in zip(after, before, strict=True)),
        stalled_s=max(now.stalled_s - then.stalled_s for now, then in zip(after, before, strict=True)),
        calls=calls,
    )


async def _ask(many: Cluster, house: str) -> int:
    """A question to the house, as a host's page asks it; the status it answers with."""
    try:
        return (await many.clients[house].get("/api/v1/spaces/talk", timeout=3)).status_code
    except httpx.TransportError:
        return 0


async def _holder(many: Cluster, key: str) -> str:
    """The machine whose process has a lease."""
    async with join(many.bus, OPERATOR, name="test") as bus:
        leases = bucket(bus, LEASES)
        for _ in range(100):
            try:
                return ((await leases.get(key)).value or b"").decode().split()[0].rpartition("-")[2]
            except (nats.errors.Error, TimeoutError):  # not there yet, or no leader at this moment
                await asyncio.sleep(0.1)
    raise AssertionError(f"nobody has {key}")


async def _listeners(many: Cluster) -> list[Listener]:
    listeners: list[Listener] = []
    for machine in MACHINES:
        for kind in KINDS:
            reports = list[ListenerReport]()
            url = many.audience(machine, "talk", f"/live.{kind}")
            task = asyncio.create_task(probe(url, on_report=reports.append, every_s=0.5), name=f"{kind} at {machine}")
            listeners.append(Listener(machine, task, reports))
    await eventually(lambda: all(each.reports and each.reports[-1].requests for each in listeners), "all hear")
    return listeners


async def _in_order(many: Cluster, machine: str) -> None:
    """Live, the host on the stage, all lights green."""

    def well(view: dict[str, Any]) -> bool:
        green = all(light["color"] == "green" for light in view["lights"].values())
        return view["state"] == "live" and view["seats"][0]["state"] == "connected" and green

    await _until(many, machine, well, "all is well")


async def _until(many: Cluster, machine: str, condition: Callable[[dict[str, Any]], bool], reason: str) -> Any:
    """Waits until the house's view of the space fulfils the condition; returns it."""
    deadline, view = asyncio.get_running_loop().time() + 90, None
    while asyncio.get_running_loop().time() < deadline:
        with suppress(httpx.ConnectError):  # right after faults of the network and of machines; it is asked again
            reply = await many.clients[machine].get("/api/v1/spaces/talk")
            if reply.is_success and condition(view := reply.json()):
                return view
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited in vain: {reason}; it is {view}")


def _back(at: float, speaker: Speaker, sound: SoundHistory) -> float:
    """From ``at`` to the arrival of words that were spoken after it."""
    samples, clock = sound.samples(), sound.clock()
    after = bisect_left(range(samples.size), at - 0.5, key=clock)
    ear = samples[after : after + round((WATCH_S + 3) * RATE)]
    begun = round((at - speaker.spoken_at(0)) * RATE)
    for start in np.arange(0.0, WATCH_S - SAID_S, STEP_S):
        words = _spoken(speaker, begun + round(start * RATE))
        match = correlation(words, ear)
        if match.score >= MATCHED - 0.1 and match.compared_s > SAID_S * 0.9:
            return clock(after + match.offset_samples) - at
    return float("inf")


def _spoken(speaker: Speaker, first: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What the microphone gave, :data:`SAID_S` from sample ``first`` on."""
    length = round(SAID_S * RATE)
    blocks = range(first // grid.TICK_SAMPLES, (first + length) // grid.TICK_SAMPLES + 2)
    sound = np.concatenate([speaker.microphone.block(number) for number in blocks])
    return sound[first % grid.TICK_SAMPLES :][:length]


def _runs(story: Story) -> Iterator[manifest.Run]:
    for entry in story.entries:
        yield from entry.runs


@pytest.mark.parametrize("loss", ["leader", "cable", "database", "machine", "servers", "roles"])
def test_no_listener_of_a_living_edge_is_lost(story: Story, loss: str) -> None:
    """Whatever else is lost: no connection ends, no player runs empty."""
    seen = story.losses[loss]
    assert (seen.reconnects, seen.stalled_s) == (0, 0.0)


@pytest.mark.parametrize(
    ("loss", "within_s"),
    [("leader", BACK_S), ("cable", CABLE_BACK_S), ("database", BACK_S), ("machine", MACHINE_BACK_S)],
)
def test_the_talk_goes_on(story: Story, loss: str, within_s: float) -> None:
    """Words spoken after the loss are heard, though the log of chunks has no leader for seconds."""
    assert story.losses[loss].back_s < within_s


def test_the_recording_has_every_chunk_once(story: Story) -> None:
    """The hash chain holds, every number is there once, nothing is a gap."""
    assert manifest.verify(story.entries) == []
    chunks = [chunk for run in _runs(story) for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert Source.GAP not in {run.source for run in _runs(story)}
    assert story.gap_report["faults"] == []


@pytest.mark.parametrize(("loss", "most"), [("leader", 1), ("database", 0)])
def test_what_was_never_needed_for_a_word_costs_none(story: Story, loss: str, most: int) -> None:
    """The database takes no word from the recording; a NATS server that dies at most what it was just carrying."""
    at = story.losses[loss].at
    first, last = (grid.chunk_at(moment, story.doors_open_s) for moment in (at - 1.0, at + WATCH_S))
    marked = [run for run in _runs(story) if run.source is Source.FILLER and first <= run.first < last]
    assert sum(run.last - run.first for run in marked) <= most, marked
