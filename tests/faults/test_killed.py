"""Kill -9, one process after the other, in the middle of a talk: who notices, and what the recording says.

One Stentor with two edges, two real voices that take turns for ever, and six listeners or more. What came of each
death is measured at the listeners' ears: the first words that were *spoken* after the kill and are heard whole.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from stentor.audio.pcm import Samples
from stentor.base import grid
from stentor.base.rendition import Source
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.bus.stored import bucket
from stentor.bus.streams import LEASES
from stentor.client.history import SoundHistory
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.silence import Silence
from stentor.client.speaker import Speaker
from stentor.wire import manifest
from tests.support.sound import MATCHED, correlation, missing, voice
from tests.support.wait import PATIENCE_S, eventually
from tests.support.whole import Whole, in_turn, whole

RATE = 48_000
KILLED = ("stage", "programme", "archive", "house", "edge", "nats-server")
KINDS = ("aac", "mp4", "opus")
LEAST_A_EDGE = 2
MOST_LISTENERS = 16
BURST_S = 3.5
"""Who joins when the doors have been open for so long gets the whole burst; before there is nothing to send at once."""
WATCH_S = 5.5
"""So long is everything watched after a kill; it includes the speech that proves that the sound is back."""
SAID_S = 1.5
"""Speech of this length is recognised beyond doubt."""
STEP_S = 0.2
BACK_S = 3.0
BEFORE_S = 1.0
LOST_S = 0.25
"""Shorter stretches are no hole of the recording: a chunk that lacks less than its half (0.16 s) is still the stage's,
and around it the ends of words are soft, which codecs and the stage's concealment take for silence."""
MARKS = (Source.FILLER, Source.GAP)
BESIDE = 1
"""Chunks: one that is silent for less than its half is still the stage's."""

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]


@dataclass
class Listener:
    """One listener: its newest report while it listens, and all it heard."""

    kind: str
    task: asyncio.Task[tuple[ListenerReport, SoundHistory]]
    reports: list[ListenerReport] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.reports[-1].requests if self.reports else 0

    @property
    def stalled_s(self) -> float:
        return self.reports[-1].stalled_s if self.reports else 0.0


@dataclass
class Death:
    """One kill: which process, when (wall-clock seconds), and what was seen afterwards."""

    name: str
    at: float
    restarted_s: float
    on_it: int
    """Listeners that this process served."""
    dropped: int
    """Listeners that had to connect again."""
    stalled_s: float
    """The longest time that a listener's player had nothing to play."""
    states: list[str]
    view: dict[str, Any]
    """The house's view at the end of the watch."""
    back_s: dict[str, float] = field(default_factory=dict)
    """Kind of listener → from the kill to the arrival of speech that was spoken after it."""
    lost: list[Silence] = field(default_factory=list)
    """Stretches of speech that are silent in the recording, in seconds from a second before the kill."""


@dataclass
class Story:
    deaths: dict[str, Death]
    listeners: list[tuple[ListenerReport, SoundHistory]]
    pages: list[manifest.Entry]
    recording: Samples
    gap_report: dict[str, Any]
    doors_open_s: float


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The talk with its six deaths; every test looks at another side of it."""
    told = asyncio.run(_talk(tmp_path_factory.mktemp("killed")))
    for line in _table(told):
        print(line)
    return told


async def _talk(folder: Path) -> Story:
    first, second = in_turn(voice("reader")[: 8 * RATE], voice("cards")[: 8 * RATE], pause_s=0.1)
    async with whole(folder, edges=2) as house, AsyncExitStack() as stack:
        tokens = await house.space("talk", "guest")
        await asyncio.sleep(BURST_S)
        listeners = await _listeners(house)
        speakers = [
            await stack.enter_async_context(
                Speaker(house.whip("talk"), tokens[name], said, name=name, pause_s=0.1, seed=1)
            )
            for name, said in (("host", first), ("guest", second))
        ]
        await house.call("POST", "/spaces/talk/live")
        await house.until("talk", _in_order, "both speak, all lights are green")
        await asyncio.sleep(3.0)
        deaths = {name: await _kill(house, name, listeners) for name in KILLED}
        await house.call("POST", "/spaces/talk/end")
        heard = [await asyncio.wait_for(listener.task, PATIENCE_S) for listener in listeners]
        said = {name: _said(speakers, death.at - BEFORE_S, BEFORE_S + WATCH_S) for name, death in deaths.items()}
        ended = await house.until("talk", lambda view: view["state"] == "replay", "the recording is complete")
        _, kept = await probe(house.audience("talk", "/recording.m4a"))
        gap_report = (await house.client.get(house.audience("talk", "/gaps.json"))).json()
        pages = sorted((folder / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
        entries = [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]
        recording, doors_open_s = kept.samples(), ended["doors_open_ms"] / 1000
        for name, death in deaths.items():
            death.back_s = _back(death.at, said[name][round(BEFORE_S * RATE) :], heard)
            begin = round((death.at - BEFORE_S - doors_open_s) * RATE)
            around = recording[begin : begin + round((BEFORE_S + WATCH_S + 1.0) * RATE)]
            death.lost = missing(said[name], around, least_s=LOST_S)
        return Story(deaths, heard, entries, recording, gap_report, doors_open_s)


async def _listeners(house: Whole) -> list[Listener]:
    """Connects listeners until both edges have some: the kernel spreads them."""
    listeners: list[Listener] = []
    while min(_served(house, f"edge-{index}") for index in range(2)) < LEAST_A_EDGE or len(listeners) < 6:
        assert len(listeners) < MOST_LISTENERS, "the kernel gives all connections to one edge"
        kind, reports = KINDS[len(listeners) % len(KINDS)], list[ListenerReport]()
        url = house.audience("talk", f"/live.{kind}")
        task = asyncio.create_task(probe(url, on_report=reports.append, every_s=0.5), name=f"listener {kind}")
        listeners.append(Listener(kind, task, reports))
        await eventually(lambda: listeners[-1].requests > 0, "it hears")
    return listeners


def _served(house: Whole, name: str) -> int:
    """How many connections the process has on the audience's port."""
    pid = house.worker(name).pid
    if pid is None:
        return 0
    return sum(
        connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == house.settings.audience_port
        for connection in psutil.Process(pid).net_connections("tcp")
    )


def _in_order(view: dict[str, Any]) -> bool:
    """Live, everybody on the stage, and nothing that somebody should look at."""
    return (
        view["state"] == "live"
        and all(seat["state"] == "connected" for seat in view["seats"])
        and all(light["color"] == "green" for light in view["lights"].values())
    )


async def _process(house: Whole, role: str) -> str:
    """The process of a role that matters most: for the programme it is the one that holds the lease."""
    if role != "programme":
        return role if role == "nats-server" else f"{role}-0"
    async with join(house.settings, OPERATOR, name="test") as bus:
        holder = ((await bucket(bus, LEASES).get("programme.talk")).value or b"").decode()
    return next(worker.name for worker in house.supervisor.workers if holder.startswith(worker.name))


async def _kill(house: Whole, role: str, listeners: list[Listener]) -> Death:
    name = await _process(house, role)
    worker = house.worker(name)
    assert worker.pid is not None
    requests, stalled = [each.requests for each in listeners], [each.stalled_s for each in listeners]
    on_it = _served(house, name)
    starts, at = worker.starts, time.time()
    os.kill(worker.pid, signal.SIGKILL)
    await eventually(lambda: worker.starts > starts and worker.pid is not None, f"{name} is started again")
    restarted_s = time.time() - at
    states: list[str] = []
    while time.time() < at + WATCH_S:
        await asyncio.sleep(0.2)
        try:
            view = (await house.client.get("/api/v1/spaces/talk", timeout=2)).json()
        except httpx.TransportError:
            continue
        lights = "/".join(light["color"] for light in view["lights"].values())
        seen = f"{view['state']} {lights}"
        if not states or states[-1] != seen:
            states.append(seen)
    view = await house.until("talk", _in_order, f"all is well after the end of {name}")
    stalls = [each.stalled_s - before for each, before in zip(listeners, stalled, strict=True)]
    dropped = sum(each.requests > before for each, before in zip(listeners, requests, strict=True))
    return Death(name, at, restarted_s, on_it, dropped, max(stalls), states, view)


def _back(at: float, said: Samples, heard: list[tuple[ListenerReport, SoundHistory]]) -> dict[str, float]:
    """For each kind of listener the worst time from the kill to speech that was spoken after it."""
    back: dict[str, float] = {}
    for report, sound in heard:
        samples, clock = sound.samples(), sound.clock()
        after = bisect_left(range(samples.size), at - 0.5, key=clock)
        ear = samples[after : after + round((WATCH_S + 3) * RATE)]
        for start in np.arange(0.0, WATCH_S - SAID_S, STEP_S):
            words = said[round(start * RATE) : round((start + SAID_S) * RATE)]
            match = correlation(words, ear)
            if match.score >= MATCHED - 0.1 and match.compared_s > SAID_S * 0.9:
                arrived = clock(after + match.offset_samples) - at
                back[report.kind] = max(back.get(report.kind, 0.0), arrived)
                break
        else:
            back[report.kind] = float("inf")
    return back


def _said(speakers: list[Speaker], at: float, seconds: float) -> Samples:
    """What both said together from ``at`` on, without the network between them and us."""
    said = np.zeros(round(seconds * RATE), dtype=np.float32)
    for speaker in speakers:
        microphone = speaker.microphone
        begun = round((at - speaker.spoken_at(0)) * RATE)
        blocks = range(begun // grid.TICK_SAMPLES, (begun + said.size) // grid.TICK_SAMPLES + 2)
        sound = np.concatenate([microphone.block(number) for number in blocks])
        offset = begun % grid.TICK_SAMPLES
        said += sound[offset : offset + said.size]
    return said


def _runs(story: Story) -> Iterator[manifest.Run]:
    for entry in story.pages:
        yield from entry.runs


def _marked(story: Story, death: Death) -> tuple[int, int]:
    """Fillers and gaps in the recording from a kill until the next."""
    first = grid.chunk_at(death.at - 1.0, story.doors_open_s)
    last = grid.chunk_at(death.at + WATCH_S, story.doors_open_s)
    found = dict.fromkeys(MARKS, 0)
    for run in _runs(story):
        if run.source in found:
            found[run.source] += max(0, min(run.last, last) - max(run.first, first))
    return found[Source.FILLER], found[Source.GAP]


def _table(story: Story) -> Iterator[str]:
    yield "\nkilled        again s  back s (aac/mp4/opus)  dropped/served  stall s  filler  gap  lost s  states"
    for death in story.deaths.values():
        filler, gap = _marked(story, death)
        back = "/".join(f"{death.back_s.get(kind, -1):.2f}" for kind in KINDS)
        lost_s = sum(hole.length_s for hole in death.lost)
        yield (
            f"{death.name:13} {death.restarted_s:7.2f}  {back:22}  {death.dropped}/{death.on_it:<12}  "
            f"{death.stalled_s:7.2f}  {filler:6}  {gap:3}  {lost_s:6.2f}  {death.states}"
        )


@pytest.mark.parametrize("role", KILLED)
def test_the_sound_is_back_within_three_seconds(story: Story, role: str) -> None:
    """Words spoken after the death of any process reach every listener within 3 s of it."""
    back = story.deaths[role].back_s
    assert set(back) == set(KINDS)
    assert max(back.values()) < BACK_S, back


@pytest.mark.parametrize("role", KILLED)
def test_only_the_listeners_of_a_dead_edge_are_dropped(story: Story, role: str) -> None:
    """No other process's death closes a listener's connection, and no player runs empty but those of the dead edge."""
    death = story.deaths[role]
    if role == "edge":
        assert death.dropped == death.on_it >= LEAST_A_EDGE
    else:
        assert death.dropped == 0
        assert death.stalled_s == 0.0


@pytest.mark.parametrize("role", KILLED)
def test_the_house_ends_up_seeing_all_well(story: Story, role: str) -> None:
    """A talk is live or, for a moment, interrupted; at the end everything is green and everybody on the stage."""
    death = story.deaths[role]
    assert {seen.split()[0] for seen in death.states} <= {"live", "interrupted"}
    assert _in_order(death.view)


def test_the_recording_has_every_chunk_once(story: Story) -> None:
    """The hash chain holds, every number is there once, and nothing is a gap: somebody always went on."""
    assert manifest.verify(story.pages) == []
    chunks = [chunk for run in _runs(story) for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert story.gap_report["faults"] == []
    assert Source.GAP not in {run.source for run in _runs(story)}


def test_only_the_stages_death_leaves_a_mark(story: Story) -> None:
    """The death of the programme that speaks, of the bus, of archive, house and edge costs not a single chunk."""
    for role, death in story.deaths.items():
        if role != "stage":
            assert _marked(story, death) == (0, 0), role
    filler, _ = _marked(story, story.deaths["stage"])
    assert 0 < filler < BACK_S / grid.CHUNK_S


@pytest.mark.parametrize("role", KILLED)
def test_no_hole_is_unmarked(story: Story, role: str) -> None:
    """Speech that is silent in the recording is there only beside chunks that the manifest marks."""
    death = story.deaths[role]
    marked = [run for run in _runs(story) if run.source in MARKS]
    for hole in death.lost:
        begin_s = death.at - BEFORE_S + hole.at_s - story.doors_open_s
        first, last = int(begin_s / grid.CHUNK_S), int((begin_s + hole.length_s) / grid.CHUNK_S)
        beside = any(run.first - BESIDE <= last and first <= run.last + BESIDE for run in marked)
        assert beside, f"{hole.length_s:.2f} s of speech are missing, and no mark explains it"


def test_the_gap_report_lists_every_mark(story: Story) -> None:
    """As many seconds as the manifest marks."""
    marked_s = sum(run.last - run.first for run in _runs(story) if run.source in MARKS) * grid.CHUNK_S
    assert sum(span["duration_s"] for span in story.gap_report["spans"]) == pytest.approx(marked_s)
