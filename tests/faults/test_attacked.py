"""Under attack: a talk goes on, its host leads it, listeners hear it, and everything is as before when it stops."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed
from tests.support.attack import Order, attacked
from tests.support.sound import assert_heard, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

RATE = 48_000
LISTENERS = 300
"""Who are there for the talk, and stay from before the attack to the end."""
NORMAL = CrowdMix({Format.AAC: 2.0, Format.OPUS: 1.0, Format.MP4: 1.0}, stay=True)
ATTACK_S = 12.0
CALM_S = 3.0
BACK_S = 60.0
NORMAL_S = 38.0


@dataclass
class Story:
    """What came of it."""

    said: Samples
    heard: dict[str, tuple[ListenerReport, Samples]]
    recording: Samples
    gap_report: dict[str, Any]
    normal: Rehearsed
    done: dict[str, int]
    led_s: list[float]
    """How long each of the host's actions took while the attack ran."""
    highest: int
    back_s: float
    """From the end of the attack until the ladder was at 0 or 1."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One talk with one attack; every test looks at another side of it."""
    told = asyncio.run(_talk(tmp_path_factory.mktemp("attacked")))
    p50, p99 = np.percentile(told.led_s, [50, 99]) * 1000
    print(f"\nthe attack did {told.done}")
    print(f"the host acted {len(told.led_s)} times: {p50:.0f} ms, p99 {p99:.0f} ms")
    print(f"the ladder was on rung {told.highest} and back after {told.back_s:.1f} s")
    print(f"of {told.normal.heard} listeners one in a hundred had a pause of {told.normal.pause_p99_ms} ms or more")
    return told


async def _talk(folder: Path) -> Story:
    said = voice("reader")[: 24 * RATE]
    async with whole(folder, edges=2) as house:
        tokens = await house.space("talk")
        listening = {
            kind: asyncio.create_task(probe(house.audience("talk", path)), name=kind)
            for kind, path in {"aac": "/live.aac", "ll-hls": "/hls/index.m3u8"}.items()
        }
        page = house.audience("talk")
        plan = RehearsalPlan(page=page, listeners=LISTENERS, curve="step", within_s=2, for_s=NORMAL_S, mix=NORMAL)
        normal = asyncio.create_task(rehearse(plan), name="normal load")
        await house.until("talk", lambda view: view["listeners"] > LISTENERS, "all listeners are there")
        async with Speaker(house.whip("talk"), tokens["host"], said, name="host", pause_s=60):
            await house.until("talk", lambda view: view["seats"][0]["state"] == "connected", "the host is there")
            await house.call("POST", "/spaces/talk/live")
            await asyncio.sleep(CALM_S)
            order = Order(house.settings.audience_port, house.settings.port, "talk", ATTACK_S)
            attack = asyncio.create_task(attacked(order), name="attack")
            led_s, highest = await _lead(house, attack)
            ended = time.monotonic()
            low = await house.until("talk", lambda view: view["ladder"]["rung"] <= 1, "the ladder is down", BACK_S)
            back_s = time.monotonic() - ended
            assert low["state"] == "live"
            await asyncio.sleep(said.size / RATE - CALM_S - ATTACK_S)
            carried = await normal  # its time is over before the talk's
            await house.call("POST", "/spaces/talk/end")
        found = {kind: await asyncio.wait_for(task, PATIENCE_S) for kind, task in listening.items()}
        await house.until("talk", lambda view: view["state"] == "replay", "the recording is complete")
        _, recording = await probe(house.audience("talk", "/recording.m4a"))
        return Story(
            said,
            {kind: (report, sound.samples()) for kind, (report, sound) in found.items()},
            recording.samples(),
            (await house.client.get(house.audience("talk", "/gaps.json"))).json(),
            carried,
            await attack,
            led_s,
            highest,
            back_s,
        )


async def _lead(house: Whole, attack: asyncio.Task[dict[str, int]]) -> tuple[list[float], int]:
    """What a host does all the time: look and act. Returns how long each took, and the highest rung that was seen."""
    took_s: list[float] = []
    highest = 0
    while not attack.done():
        began = time.monotonic()
        asking = "nobody" if len(took_s) % 2 else "anyone"
        view = await house.call("PATCH", "/spaces/talk", {"asking": asking})
        took_s.append(time.monotonic() - began)
        highest = max(highest, view["ladder"]["rung"])
        await asyncio.sleep(0.1)
    return took_s, highest


def test_the_attack_was_one(story: Story) -> None:
    """Thousands of requests were answered on both sides, and hundreds of peers misbehaved."""
    assert sum(count for name, count in story.done.items() if name.startswith("audience")) > 1000
    assert sum(count for name, count in story.done.items() if name.startswith("house")) > 100
    assert story.done["_silent"] + story.done["_slow_head"] + story.done["_slow_reader"] > 300
    assert story.done["_broken"] > 300


def test_the_host_leads_all_the_time(story: Story) -> None:
    """Every action worked (a refusal fails the talk), and each within the time that somebody waits for a button."""
    assert len(story.led_s) > 10
    assert max(story.led_s) < 5.0


@pytest.mark.parametrize("kind", ["aac", "ll-hls"])
def test_listeners_hear_every_word(story: Story, kind: str) -> None:
    """Nothing of the talk is missing."""
    report, heard = story.heard[kind]
    assert_heard(story.said, heard)
    assert [gap for gap in report.discontinuities if gap.length_s > 0] == []


def test_nobody_who_was_there_is_dropped(story: Story) -> None:
    """All who came for the talk heard it to its end: no stream broke off, nobody was refused."""
    assert (story.normal.heard, story.normal.cut, story.normal.refused) == (LISTENERS, 0, 0)


def test_the_recording_is_whole(story: Story) -> None:
    """The words are in it, and no chunk of the talk is a gap or filler."""
    assert_heard(story.said, story.recording)
    assert [span for span in story.gap_report["spans"] if span["source"] == "gap"] == []


def test_the_ladder_is_down_within_a_minute(story: Story) -> None:
    """Nothing keeps the overload going when the attack has stopped, while everybody else listens on."""
    assert story.back_s < BACK_S
