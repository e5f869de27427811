"""A talk becomes a listener cut by itself: real processes, a real voice, signed, and proven by whoever asks."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import av
import pytest

from stentor.audio.loudness import integrated_lufs
from stentor.base.detached import check
from stentor.client.speaker import Speaker
from stentor.wire import edits
from tests.integration.test_removal import stentor
from tests.support.encoded import probe
from tests.support.sound import assert_heard, voice
from tests.support.wait import patiently
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]
TALK_S = 12.0


async def is_cut(house: Whole, before_ms: int = 0) -> dict[str, Any]:
    """The cut when it is made and signed, later than another one."""
    found: dict[str, Any] = {}

    async def look() -> bool:
        nonlocal found
        found = await house.call("GET", "/spaces/talk/edition")
        cut = found["cut"]
        return cut is not None and cut["signed"] and found["state"] is None and cut["made_ms"] > before_ms

    async for _ in patiently():
        if await look():
            return dict(found["cut"])
    raise AssertionError(found)


async def test_a_talk_becomes_a_listener_cut(tmp_path: Path) -> None:
    """Without the lobby, at -16 LUFS, signed with the key that everybody sees; trimmed, it is made anew, also by an
    archive that was killed meanwhile."""
    async with whole(tmp_path, edges=1) as house:
        tokens = await house.space("talk")
        async with Speaker(house.whip("talk"), tokens["host"], voice("reader"), name="host"):
            await house.until("talk", lambda view: view["seats"][0]["state"] == "connected", "the host is there")
            await house.call("POST", "/spaces/talk/live")
            await house.until("talk", lambda view: view["now_ms"] > view["live_ms"] + TALK_S * 1000, "they have talked")
            await house.call("POST", "/spaces/talk/end")
        await house.until("talk", lambda view: view["state"] == "replay", "the recording is there", 60)
        cut = await is_cut(house)
        assert cut["left_out_ms"]["lobby"] > 0
        assert cut["cut_ms"] + sum(cut["left_out_ms"].values()) == cut["length_ms"]

        async def get(path: str) -> bytes:
            reply = await house.client.get(house.audience("talk", path))
            assert reply.status_code == 200, reply.text
            return bytes(reply.content)

        file = await get("/cut/recording.m4a")
        sound = probe(file).samples
        assert_heard(voice("reader"), sound)
        assert integrated_lufs(sound) == pytest.approx(-16, abs=0.5)
        with av.open(io.BytesIO(file)) as opened:
            assert opened.metadata["title"]
            assert next(chapter["start"] for chapter in opened.chapters()) == 0
        text, signature = await get("/cut/edits.json"), await get("/cut/edits.json.minisig")
        site = house.audience("talk", "").split("/s/")[0]
        key = (await house.client.get(f"{site}/evidence.pub")).text.splitlines()[1]
        assert str(cut["cut_ms"]) in check(key, signature, text)
        assert edits.faults(edits.decode(text)) == []
        assert "Each second of it is the recording's" in await stentor("verify", "talk", "--data", str(tmp_path))
        pid = house.worker("archive-0").pid
        assert pid is not None
        await house.call("PUT", "/spaces/talk/trim", {"from_ms": 0, "to_ms": cut["length_ms"] - 4000})
        os.kill(pid, signal.SIGKILL)
        shorter = await is_cut(house, cut["made_ms"])
        assert shorter["left_out_ms"]["trimmed"] == 4000
        assert shorter["cut_ms"] < cut["cut_ms"]
