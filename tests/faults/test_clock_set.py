"""The wall clock is set in the middle of a talk: two seconds forward, and back again some seconds later."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.base.rendition import Source
from stentor.bus.chunks import ChunkLog
from stentor.bus.identity import join
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.wire import manifest
from stentor.wire.chunk import Chunk
from tests.support.clock import give_clock
from tests.support.sound import MATCHED, correlation, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]

RATE = 48_000
STEP_S = 2.0
BURST_S = 3.5
CALM_S = 7.0
BACK_S = 3.0
SAID_S = 1.5
"""Speech of this length is recognised beyond doubt."""
LOOK_S = 0.2
STEPS = {"forward": STEP_S, "back": 0.0}


@dataclass
class Story:
    steps: dict[str, float]
    """When, in seconds of what the speaker says."""
    said: Samples
    heard: dict[str, tuple[ListenerReport, Samples]]
    requests: int
    """Of the listener to a stream, before the end."""
    announced: dict[int, bytes]
    """By number the digest of what edges took for that chunk: the first that was said to be it."""
    logged: dict[int, bytes]
    entries: list[manifest.Entry]
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One talk with both steps; every test looks at another side of it."""
    folder = tmp_path_factory.mktemp("clock")
    with pytest.MonkeyPatch.context() as patch:
        clock = give_clock(patch, folder / "clock")
        told = asyncio.run(_talk(folder, clock.set))
    for kind, (report, _) in told.heard.items():
        back = {step: round(_back(told, kind, step), 1) for step in STEPS}
        print(f"\n{kind}: words spoken so many s after are heard: {back}; stalled {report.stalled_s} s", end="")
    return told


async def _talk(folder: Path, set_clock: Callable[[float], None]) -> Story:
    said = voice("reader")[: 24 * RATE]
    announced: dict[int, bytes] = {}
    logged: dict[int, bytes] = {}

    def hear(chunk: Chunk) -> None:
        announced.setdefault(chunk.number, _digest(chunk))

    async with whole(folder / "data", edges=2) as house, AsyncExitStack() as stack:
        bus = await stack.enter_async_context(join(house.settings, "edge", name="test"))
        tokens = await house.space("talk")
        await ChunkLog(bus).hear("talk", hear)
        await asyncio.sleep(BURST_S)
        reports: list[ListenerReport] = []
        listening = {
            "aac": asyncio.create_task(probe(house.audience("talk", "/live.aac"), on_report=reports.append)),
            "ll-hls": asyncio.create_task(probe(house.audience("talk", "/hls/index.m3u8"))),
        }
        async with Speaker(house.whip("talk"), tokens["host"], said, name="host", pause_s=60) as speaker:
            await house.call("POST", "/spaces/talk/live")
            await house.until("talk", _green, "all is well")
            steps = {}
            for name, ahead_s in STEPS.items():
                steps[name] = time.time() - speaker.spoken_at(0)
                set_clock(ahead_s)
                await asyncio.sleep(CALM_S)
            await house.until("talk", _green, "all is well again")
            requests = reports[-1].requests
            await house.call("POST", "/spaces/talk/end")
        heard = {kind: await asyncio.wait_for(task, PATIENCE_S) for kind, task in listening.items()}
        await house.until("talk", lambda seen: seen["state"] == "replay", "the recording is complete")
        view = await house.call("GET", "/spaces/talk")
        chunks = ChunkLog(bus).follow("talk", doors_open_ms=view["doors_open_ms"], start=0)
        async with aclosing(chunks) as following:
            async for chunk in following:
                logged[chunk.number] = _digest(chunk)
                if chunk.number >= max(announced):
                    break
        pages = sorted((folder / "data" / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
        return Story(
            steps,
            said,
            {kind: (report, sound.samples()) for kind, (report, sound) in heard.items()},
            requests,
            announced,
            logged,
            [entry for page in pages for entry in manifest.decode_page(page.read_bytes())],
            (await house.call("GET", "/spaces/talk/events"))["events"],
        )


def _digest(chunk: Chunk) -> bytes:
    frames = b"".join(frame for name in sorted(chunk.frames) for frame in chunk.frames[name])
    return hashlib.sha256(frames).digest()


def _green(view: dict[str, Any]) -> bool:
    return all(light["color"] == "green" for light in view["lights"].values())


def _back(story: Story, kind: str, step: str) -> float:
    """So long after the step were the first words spoken that are heard whole."""
    _, heard = story.heard[kind]
    for after_s in np.arange(0.0, CALM_S - SAID_S, LOOK_S):
        begin = round((story.steps[step] + after_s) * RATE)
        match = correlation(story.said[begin : begin + round(SAID_S * RATE)], heard)
        if match.score >= MATCHED - 0.1:
            return float(after_s)
    return float("inf")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["aac", "ll-hls"])
def test_the_talk_goes_on(story: Story, kind: str, step: str) -> None:
    """Words that are spoken 3 s after a step, in either direction, are heard."""
    assert _back(story, kind, step) < BACK_S


def test_nobody_is_dropped(story: Story) -> None:
    """A stream goes on, its player has enough for both steps; one of HLS with its short buffer waits a moment."""
    assert story.requests == 1
    assert story.heard["aac"][0].stalled_s == 0.0
    assert story.heard["ll-hls"][0].stalled_s < STEP_S


def test_no_number_is_used_twice(story: Story) -> None:
    """What is heard as a chunk is what the log has as that chunk; the recording has every one once, and no gap."""
    assert len(story.announced) > 40
    assert {number for number, digest in story.announced.items() if story.logged[number] != digest} == set()
    assert manifest.verify(story.entries) == []
    runs = [run for entry in story.entries for run in entry.runs]
    chunks = [chunk for run in runs for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert Source.GAP not in {run.source for run in runs}


def test_the_record_says_what_happened(story: Story) -> None:
    """Both steps are events of the space, with their lengths."""
    told = [event["by_ms"] for event in story.events if event["kind"] == "ClockSet"]
    assert told == [pytest.approx(2000, abs=100), pytest.approx(-2000, abs=100)]
