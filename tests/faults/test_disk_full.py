"""The disk is full in the middle of a talk: bus, recordings, database and logs all lie on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stentor.audio.pcm import Samples
from stentor.base.rendition import Source
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.wire import manifest
from tests.support.small_disk import full, small_disk
from tests.support.sound import assert_heard, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]

MEGABYTES = 64
BURST_S = 3.5
"""Who joins later gets the whole burst."""
FULL_S = 8.0
RED_S = 12.0
"""The bus may take nothing for 5 s before it is called full, and the archive's own light has 8 s."""
SAID_S = 20


@dataclass
class Story:
    said: Samples
    report: ListenerReport
    heard: Samples
    recording: Samples
    entries: list[manifest.Entry]
    red: dict[str, Any]
    """The lights while nothing can be written."""
    after: dict[str, Any]
    """The view when there is room again."""
    starts: dict[str, int]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One talk, in the middle of which the disk is full; every test looks at another side of it."""
    with small_disk(tmp_path_factory.mktemp("disk") / "data", MEGABYTES) as folder:
        return asyncio.run(_talk(folder))


async def _talk(folder: Path) -> Story:
    said = voice("reader")[: SAID_S * 48_000]
    async with whole(folder, edges=2) as house:
        tokens = await house.space("talk")
        await asyncio.sleep(BURST_S)
        listening = asyncio.create_task(probe(house.audience("talk", "/live.aac")), name="listener")
        async with Speaker(house.whip("talk"), tokens["host"], said, name="host", pause_s=60):
            await house.call("POST", "/spaces/talk/live")
            await house.until("talk", _green, "all is well")
            async with full(folder):
                view = await house.until("talk", _bus_full, "the recording's light is red", RED_S)
                await asyncio.sleep(FULL_S)
            after = await house.until("talk", _green, "all is well again")
            await house.call("PATCH", "/spaces/talk", {"asking": "nobody"})
            await asyncio.sleep(2.0)
            await house.call("POST", "/spaces/talk/end")
        report, heard = await asyncio.wait_for(listening, PATIENCE_S)
        await house.until("talk", lambda seen: seen["state"] == "replay", "the recording is complete")
        _, kept = await probe(house.audience("talk", "/recording.m4a"))
        pages = sorted((folder / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
        entries = [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]
        starts = {worker.name: worker.starts for worker in house.supervisor.workers}
        return Story(said, report, heard.samples(), kept.samples(), entries, view["lights"], after, starts)


def _green(view: dict[str, Any]) -> bool:
    """So small a disk is always full within two hours, which the recording's light says."""
    lights: dict[str, dict[str, str]] = view["lights"]
    others = [light["color"] for name, light in lights.items() if name != "recording"]
    return set(others) == {"green"} and lights["recording"] == {"color": "red", "reason": "disk-ends"}


def _bus_full(view: dict[str, Any]) -> bool:
    light: dict[str, str] = view["lights"]["recording"]
    return light == {"color": "red", "reason": "bus-full"}


def test_only_the_recordings_light_turns_red(story: Story) -> None:
    """It says that the bus takes nothing; stage and audience are as they were, and the talk is live."""
    assert story.red["stage"]["color"] == story.red["audience"]["color"] == "green"
    assert story.after["state"] == "live"


def test_listeners_hear_every_word(story: Story) -> None:
    """What is heard is announced beside the log: nothing is missing and no player runs dry."""
    assert_heard(story.said, story.heard)
    assert (story.report.stalled_s, story.report.discontinuities) == (0.0, [])


def test_the_bus_alone_was_started_anew(story: Story) -> None:
    """Once, when there was room: a server that has met a full disk takes nothing more. No role died."""
    assert story.starts.pop("nats-server") == 2
    assert set(story.starts.values()) == {1}


def test_the_recording_is_whole(story: Story) -> None:
    """What could not be written came out of the programme's memory: every chunk is there, and every word."""
    assert manifest.verify(story.entries) == []
    runs = [run for entry in story.entries for run in entry.runs]
    chunks = [chunk for run in runs for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert {run.source for run in runs} <= {Source.HOLD, Source.STAGE}
    assert_heard(story.said, story.recording)
