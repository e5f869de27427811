"""A talk of which seconds are removed, with real processes: nobody hears them, also after a crash or a restore."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from stentor.client.speaker import Speaker
from tests.support.encoded import probe
from tests.support.sound import gaps, voice
from tests.support.whole import Whole, whole

pytestmark = pytest.mark.timeout(180)

TALK_S = 14.0
PART_S = 5.0


async def stentor(*arguments: str, **environment: str) -> str:
    """What a command prints; it must end well."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stentor", *arguments, stdout=pipe, stderr=pipe, env=os.environ | environment
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


class Span(NamedTuple):
    """Seconds of the recording."""

    start: float
    end: float


async def silent(house: Whole, path: str, span: Span) -> bool:
    """Whether a listener hears nothing in ``span``, and something before and after it."""
    reply = await house.client.get(house.audience("talk", path))
    assert reply.status_code == 200, reply.text
    samples = probe(reply.content).samples
    holes = gaps(samples, least_s=1.0)
    lacks = any(hole.at_s <= span.start + 0.1 and hole.at_s + hole.length_s >= span.end - 0.1 for hole in holes)
    assert not any(hole.length_s > span.end - span.start + 2 for hole in holes), "no more than that is missing"
    return lacks


async def talked(house: Whole) -> Span:
    """A recorded talk; returns the part of it that somebody wants to have removed."""
    tokens = await house.space("talk")
    async with Speaker(house.whip("talk"), tokens["host"], voice("reader"), name="host"):
        await house.until("talk", lambda view: view["seats"][0]["state"] == "connected", "the host is there")
        await house.call("POST", "/spaces/talk/live")
        await house.until("talk", lambda view: view["now_ms"] > view["live_ms"] + TALK_S * 1000, "they have talked")
        await house.call("POST", "/spaces/talk/end")
    view = await house.until("talk", lambda view: view["state"] == "replay", "the recording is there", 60)
    middle_s = (view["live_ms"] + TALK_S * 500 - view["doors_open_ms"]) / 1000
    return Span(middle_s - PART_S / 2, middle_s + PART_S / 2)


async def removed(house: Whole, span: Span) -> None:
    """The host asks for it, and the house dies in the same moment."""
    where = "--data", str(house.settings.folder)
    wish = ("--from", f"{span.start:.2f}", "--to", f"{span.end:.2f}", "--reason", "The guest asked", "--yes")
    address = house.settings.house_address
    told = await stentor("space", "remove-recording", "talk", *wish, *where, STENTOR_HOUSE_URL=address)
    assert "The guest asked" in told
    pid = house.worker("house-0").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await house.until("talk", lambda view: not view["erasing"], "nothing of it is stored any more", 60)


async def test_seconds_that_were_removed_are_heard_nowhere(tmp_path: Path) -> None:
    """File, clip and levels, after a crash of the house and from an older backup; the rest verifies and says why."""
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "site.tar"
    async with whole(old, edges=1) as house:
        span = await talked(house)
        clip = f"/clip.m4a?from={span.start - 2:.2f}&to={span.end + 2:.2f}"
        assert not await silent(house, "/recording.m4a", span)
        assert not await silent(house, clip, Span(2, 2 + PART_S))
        await stentor("backup", str(file), "--data", str(old))
        await removed(house, span)
        assert await silent(house, "/recording.m4a", span)
        assert await silent(house, "/recording.m4a?rendition=opus-24", span)
        assert await silent(house, clip, Span(2, 2 + PART_S))
        told = await stentor("verify", "talk", "--data", str(old))
        assert "removed on request" in told
        assert "the rest is as it was recorded" in told
    told = await stentor("restore", str(file), "--removals", str(old / "objects"), "--data", str(new))
    assert "Removed here too, as after the backup was made: something of 1 space." in told
    async with whole(new, edges=1) as house:
        assert await silent(house, "/recording.m4a", span)
        view = await house.until("talk", lambda view: not view["erasing"], "all is done")
        assert [each["reason"] for each in view["removals"]] == ["The guest asked"]
        await house.call("POST", "/spaces/talk/remove", {"reason": "Everybody asked"})

        async def gone() -> None:
            while True:
                reply = await house.client.get(house.audience("talk", "/recording.m4a"))
                if reply.status_code == 410:
                    return
                await asyncio.sleep(0.1)

        async with asyncio.timeout(60):
            await gone()
        page = await house.client.get(house.audience("talk"), headers={"Accept": "text/html"})
        assert (page.status_code, "The talk" in page.text) == (410, False)
        listed: httpx.Response = await house.client.get("/api/v1/spaces")
        assert "talk" not in [row["id"] for row in listed.json()["spaces"]]
