"""The database is gone for a whole talk: from before the first word until after the last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stentor.audio.pcm import Samples
from stentor.base.rendition import Source
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.wire import manifest
from tests.support.postgres import Postgres, postgres
from tests.support.sound import assert_heard, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import whole

__all__ = ["postgres"]

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]

SAID_S = 12
BURST_S = 3.5


@dataclass
class Story:
    said: Samples
    heard: dict[str, tuple[ListenerReport, Samples]]
    """``before`` came while the database was there, ``during`` when it was gone."""
    refused: list[httpx.Response]
    """What the host got for looking and for changing something."""
    house: httpx.Response
    """Its ``/healthz`` meanwhile."""
    after: dict[str, Any]
    entries: list[manifest.Entry]
    events: list[str]
    starts: dict[str, int]


@contextmanager
def gone(server: Postgres, url: str) -> Iterator[None]:
    """Nobody can reach the database meanwhile; connections that were open are cut."""
    name = url.partition("?")[0].rpartition("/")[2]
    server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        yield
    finally:
        server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture(scope="module")
def story(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One talk; every test looks at another side of it."""
    return asyncio.run(_talk(postgres, tmp_path_factory.mktemp("database")))


async def _talk(server: Postgres, folder: Path) -> Story:
    said = voice("reader")[: SAID_S * 48_000]
    url = server.fresh()
    async with whole(folder, edges=2, database_url=url) as house:
        tokens = await house.space("talk")
        await asyncio.sleep(BURST_S)
        listening = {"before": asyncio.create_task(probe(house.audience("talk", "/live.aac")), name="before")}
        async with Speaker(house.whip("talk"), tokens["host"], said, name="host", pause_s=60) as speaker:
            await house.call("POST", "/spaces/talk/live")
            await house.until("talk", lambda seen: seen["seats"][0]["state"] == "connected", "the host is there")
            with gone(server, url):
                listening["during"] = asyncio.create_task(probe(house.audience("talk", "/live.opus")), name="during")
                refused = [
                    await house.client.get("/api/v1/spaces/talk"),
                    await house.client.patch("/api/v1/spaces/talk", json={"asking": "nobody"}),
                ]
                health = await house.client.get("/healthz")
                await asyncio.sleep(speaker.spoken_at(said.size) + 1.0 - time.time())
            await house.call("PATCH", "/spaces/talk", {"asking": "nobody"})
            after = await house.until("talk", _green, "all is well")
            await house.call("POST", "/spaces/talk/end")
        heard = {name: await asyncio.wait_for(task, PATIENCE_S) for name, task in listening.items()}
        await house.until("talk", lambda seen: seen["state"] == "replay", "the recording is complete")
        events = [event["kind"] for event in (await house.call("GET", "/spaces/talk/events"))["events"]]
        starts = {worker.name: worker.starts for worker in house.supervisor.workers}
    pages = sorted((folder / "objects" / "recordings" / "talk" / "manifest").glob("*.jsonl"))
    entries = [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]
    found = {name: (report, sound.samples()) for name, (report, sound) in heard.items()}
    return Story(said, found, refused, health, after, entries, events, starts)


def _green(view: dict[str, Any]) -> bool:
    return all(light["color"] == "green" for light in view["lights"].values())


def test_listeners_notice_nothing(story: Story) -> None:
    """Who was there hears every word without a pause; who comes while it is gone is let in and hears the rest."""
    report, heard = story.heard["before"]
    assert_heard(story.said, heard)
    assert (report.stalled_s, report.discontinuities) == (0.0, [])
    assert_heard(story.said[4 * 48_000 :], story.heard["during"][1])


def test_the_recording_is_whole(story: Story) -> None:
    """No chunk of it is a gap or filler."""
    assert manifest.verify(story.entries) == []
    assert {run.source for entry in story.entries for run in entry.runs} == {Source.HOLD, Source.STAGE}


def test_the_host_is_told_what_is_wrong(story: Story) -> None:
    """Looking and changing are refused with a sentence that names the database, and with when to come again."""
    for reply in story.refused:
        assert reply.status_code == 503
        assert reply.json()["detail"].startswith("The database does not answer")
        assert int(reply.headers["retry-after"]) >= 1


def test_nobody_died_of_it(story: Story) -> None:
    """The house goes on answering, though not that it is ready, and no process was started anew."""
    assert story.house.status_code == 503
    assert set(story.starts.values()) == {1}


def test_afterwards_all_works_again(story: Story) -> None:
    """The same button works, the talk is still live, and the record has everything that was decided, in order."""
    assert story.after["state"] == "live"
    assert story.after["asking"] == "nobody"
    told = ["SpaceCreated", "DoorsOpened", "WentLive", "AskingChanged", "SpaceEnded", "ReplayOpened"]
    assert [kind for kind in story.events if kind in told] == told
