"""A talk of a whole Stentor arrives at another network: what is heard there is what was said, and a host sees how it
stands."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from stentor.client.speaker import Speaker
from stentor.courier.simulcast.worker import NICENESS
from tests.support.receivers import Probed, Recorded, rtmp_server, srt_server, whip_server
from tests.support.sound import MATCHED, correlation, voice
from tests.support.wait import eventually
from tests.support.whole import Whole, whole

RATE = 48_000
SAID_S = 9
DELAY_S = 6.0

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]


async def stands(house: Whole, state: str, *, which: int = 0) -> dict[str, Any]:
    """A destination, once it is in this state."""
    found: dict[str, Any] = {}

    async def look() -> None:
        while found.get("state") != state:
            found.update((await house.call("GET", "/spaces/talk/destinations"))["destinations"][which])
            await asyncio.sleep(0.1)

    task = asyncio.create_task(look())
    try:
        await eventually(task.done, f"{state}, not {found}")
    finally:
        task.cancel()
    return found


def workers() -> list[psutil.Process]:
    found = []
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            if "stentor.courier.simulcast.worker" in each.cmdline():
                found.append(each)
    return found


async def test_a_talk_is_heard_elsewhere(tmp_path: Path) -> None:
    """It begins by itself when the doors are open; its process is killed in the middle and is back; started and stopped
    while live, and ended when it is private; what was said is in what arrived."""
    async with (
        rtmp_server(tmp_path / "there") as port,
        srt_server(tmp_path / "talk.ts", passphrase="a-long-passphrase") as srt_port,
        whip_server(tmp_path / "webrtc", "the-token") as (whip_port, _),
        whole(tmp_path / "data", edges=1, courier_networks="0.0.0.0/0,::/0") as house,
    ):
        tokens = await house.space("talk")
        wish = {"name": "Tube", "server": f"rtmp://localhost:{port}/live", "key": "first-key"}
        made = await house.call("POST", "/spaces/talk/destinations", wish)
        assert "first-key" not in str(made)
        await stands(house, "live")
        view = await house.call("GET", "/spaces/talk")
        assert [(each["name"], each["state"]) for each in view["destinations"]] == [("Tube", "live")]
        [worker] = workers()
        assert worker.nice() >= NICENESS, "whatever listeners need goes first"
        nobody = {"name": "Nobody", "server": "rtmps://localhost:1/app", "key": "k"}
        other = await house.call("POST", "/spaces/talk/destinations", nobody)
        assert (await stands(house, "waiting", which=1))["trouble"] == "not-reached"
        await stands(house, "live")
        assert [each.pid for each in workers()] == [worker.pid]  # one that fails fails alone
        await house.call("DELETE", f"/destinations/{other['number']}")
        os.kill(worker.pid, signal.SIGKILL)
        await eventually(lambda: [each for each in workers() if each.pid != worker.pid] != [], "there is another")
        await stands(house, "live")
        await house.call("PATCH", f"/destinations/{made['number']}", {"on": False})
        await stands(house, "off")
        await eventually(lambda: not workers(), "nothing is sent, and nothing works")
        path = f"/destinations/{made['number']}"
        await house.call("PATCH", path, {"on": True, "key": "second-key"})
        await stands(house, "live")
        line = f"srt://127.0.0.1:{srt_port}?streamid=#!::r=talk&passphrase=a-long-passphrase&latency=500000"
        wish = {"name": "Media server", "kind": "srt", "server": line, "key": ""}
        made = await house.call("POST", "/spaces/talk/destinations", wish)
        assert made["server"] == f"srt://127.0.0.1:{srt_port}?latency=500000"  # what is secret is not shown
        wish = {"name": "WebRTC", "kind": "whip", "server": f"http://127.0.0.1:{whip_port}/live", "key": "the-token"}
        await house.call("POST", "/spaces/talk/destinations", wish)
        await stands(house, "live", which=1)
        await stands(house, "live", which=2)
        said = voice("reader")[: SAID_S * RATE]
        async with Speaker(house.whip("talk"), tokens["host"], said, name="host", pause_s=30.0):
            await house.call("POST", "/spaces/talk/live")
            await asyncio.sleep(SAID_S + DELAY_S + 1.0)
        await house.call("PUT", "/spaces/talk/visibility", {"visibility": "members"})
        await eventually(lambda: not workers(), "a private space is sent nowhere")
        await house.call("POST", "/spaces/talk/end")
    kinds = {"there/second-key.flv": "aac", "talk.ts": "aac", "webrtc/session-0.mkv": "opus"}
    for file, codec in kinds.items():
        found = Recorded(tmp_path / file)
        assert found.codecs == {"video": "h264 1280", "audio": codec}
        probed = Probed.of(tmp_path / file)
        picture, sound = probed.one("video"), probed.one("audio")
        assert (picture.codec_name, picture.width, picture.height) == ("h264", 1280, 720)
        assert (picture.profile, picture.pix_fmt) == ("Constrained Baseline", "yuv420p")
        assert (sound.codec_name, sound.sample_rate) == (codec, "48000")
        assert min(int(picture.nb_read_frames), int(sound.nb_read_frames)) > 2 * SAID_S
        heard = correlation(said, found.sound)
        assert heard.score >= MATCHED, heard
        assert heard.compared_s > SAID_S - 2
