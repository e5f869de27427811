"""Before the doors open those on the stage hear each other, and nobody else; then the talk goes on as it is."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stentor.audio.pcm import Samples
from stentor.base.grid import CHUNK_MS, SAMPLE_RATE_HZ
from stentor.client.listener import probe
from stentor.client.speaker import Speaker
from tests.support.sound import MATCHED, assert_not_heard, clearest, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]
GREEN_S, WAITING_S, LIVE_S = 5, 3, 4
"""The host talks all the time, and the guest at first."""


@dataclass
class Story:
    """What was said and heard on the stage, what the public was told before the doors, and what was kept."""

    said: dict[str, Samples]
    heard: dict[str, Samples]
    connections: set[int]
    ready: dict[str, Any]
    told: str
    processes: dict[str, list[str]]
    recording: Samples
    live_sample: int
    sight: list[dict[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return asyncio.run(_talk(tmp_path_factory.mktemp("before-doors")))


async def _talk(folder: Path) -> Story:
    said = {"host": voice("reader"), "guest": voice("cards")}
    async with whole(folder, edges=1) as house:
        made = await house.call(
            "POST", "/spaces", {"id": "talk", "title": "Talk", "host_name": "host", "language": "en"}
        )
        guest = await house.call("POST", "/spaces/talk/invitations", {"name": "guest"})
        tokens = {"host": made["invitation"]["token"], "guest": guest["token"]}
        speakers = {
            name: Speaker(house.whip("talk"), tokens[name], said[name], name=name, pause_s=60, keep_heard_s=60)
            for name in said
        }
        async with speakers["host"], speakers["guest"]:
            ready = await house.until("talk", _all_ready, "both are there and were heard")
            await asyncio.sleep(GREEN_S)
            told, processes = await _public(house), await _who_has(house)
            await house.call("POST", "/spaces/talk/doors")
            sight = [await house.call("GET", "/spaces/talk")]
            await asyncio.sleep(WAITING_S)
            await house.call("POST", "/spaces/talk/live")
            await asyncio.sleep(LIVE_S)
            await house.call("POST", "/spaces/talk/end")
            heard = {name: speaker.monitor.heard.samples() for name, speaker in speakers.items()}
        ended = await house.until("talk", lambda view: view["state"] == "replay", "the recording is complete")
        _, recording = await probe(house.audience("talk", "/recording.m4a"))
        live_ms = ended["live_ms"] - ended["doors_open_ms"] + CHUNK_MS
        connections = {speaker.connections for speaker in speakers.values()}
        live_sample = live_ms * SAMPLE_RATE_HZ // 1000
        return Story(said, heard, connections, ready, told, processes, recording.samples(), live_sample, sight)


def _all_ready(view: dict[str, Any]) -> bool:
    return [(seat["state"], seat["heard"]) for seat in view["seats"]] == [("connected", True)] * 2


async def _public(house: Whole) -> str:
    """All that anybody may read of a space that has not begun."""
    paths = ("", "/door.json", "/pulse.json", "/oembed.json", "/event.ics")
    found = [(await house.client.get(house.audience("talk", path))).text for path in paths]
    front = f"http://127.0.0.1:{house.settings.audience_port}"
    found += [(await house.client.get(front + path)).text for path in ("/", "/feed.xml", "/api/front.json", "/metrics")]
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as anyone:
        api = f"http://127.0.0.1:{house.settings.port}/api/v1/spaces"
        found += [(await anyone.get(api + path)).text for path in ("", "/talk", "/talk/stream")]
    return "\n".join(found)


async def _who_has(house: Whole) -> dict[str, list[str]]:
    """Which spaces each role has."""
    return {each["role"]: each["spaces"] for each in (await house.call("GET", "/processes"))["processes"]}


def test_those_on_the_stage_hear_each_other_and_the_host_sees_who_is_ready(story: Story) -> None:
    """Ready is who is connected and was heard."""
    for name, other in (("host", "guest"), ("guest", "host")):
        assert clearest(story.said[other], story.heard[name][: GREEN_S * SAMPLE_RATE_HZ]) >= MATCHED
        assert_not_heard(story.said[name], story.heard[name])
    assert story.ready["state"] == "scheduled"


def test_nothing_of_it_leaves_the_stage(story: Story) -> None:
    """No programme, no recording, no listener's document knows of it, and none says who talks."""
    assert story.processes["stage"] == ["talk"]
    assert [story.processes[role] for role in ("programme", "archive")] == [[], []]
    assert "guest" in story.told, "the audience sees names"
    assert not any(word in story.told for word in ('"talking":true', '"heard":true'))
    assert set(re.findall(r'"level(?:_dbfs)?":(-?[0-9.]+)', story.told)) <= {"-96.0", "-96"}
    for voice_of in story.said.values():
        assert_not_heard(voice_of, story.recording[: story.live_sample])


def test_the_talk_goes_on_over_the_same_connections(story: Story) -> None:
    """When the doors open nobody joins anew: the host is heard on by the guest, and once live by everybody."""
    assert story.connections == {1}
    assert [seat["state"] for seat in story.sight[0]["seats"]] == ["connected"] * 2
    since_doors = story.heard["guest"][-(WAITING_S + LIVE_S) * SAMPLE_RATE_HZ :]
    for heard in (since_doors, story.recording[story.live_sample :]):
        assert clearest(story.said["host"], heard) >= MATCHED
