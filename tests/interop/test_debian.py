"""Debian's GStreamer speaks on the stage, and Debian's players hear it: real programs at both ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from stentor.audio.file import read
from stentor.audio.pcm import Samples
from stentor.client.listener import probe
from tests.support.browser import write_wav
from tests.support.players import PYTHON, missing, recorded
from tests.support.sound import assert_heard, loudness_difference_lu, voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import whole

pytestmark = [
    pytest.mark.interop,
    pytest.mark.realtime,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]
SENDER = Path(__file__).with_name("gstreamer_sender.py")
HEARD_S = 15.0
SETTLED_S = 6
"""Six programs start at once, and packets come late: until then the jitter buffer moves the sound by 60 to 180 ms."""
ALIKE = 0.95
"""What two programs hear of the same stream: 0.99 where one hears Opus and the other AAC, else 1.0."""
STREAMS = {
    "mpv": "/live.opus", "mpv hls": "/hls/index.m3u8", "vlc": "/live.aac", "vlc opus": "/live.opus",
    "mplayer": "/live.aac",
}  # fmt: skip


@dataclass(frozen=True)
class Evening:
    """What was said, and what each listener heard of it."""

    said: Samples
    by_us: Samples
    by_players: dict[str, Path]
    """Files."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Evening]:
    """A space with GStreamer on its stage and every player in its audience, all at once."""
    assert not missing(), "make interop installs what is missing"
    folder = tmp_path_factory.mktemp("interop")
    said = voice("reader")[: 40 * 48_000]
    async with whole(folder / "stentor", edges=1) as house:
        token = (await house.space("evening"))["host"]
        await house.call("POST", "/spaces/evening/live")
        sender = await asyncio.create_subprocess_exec(
            PYTHON, str(SENDER), house.whip("evening"), token, str(write_wav(folder / "said.wav", said)),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert sender.stdout is not None
        assert sender.stderr is not None
        try:
            first = await asyncio.wait_for(sender.stdout.readline(), PATIENCE_S)
            assert first == b"connected\n", (await sender.stderr.read()).decode()
            places = {name: _place(folder / name.replace(" ", "-")) for name in STREAMS}
            async with asyncio.TaskGroup() as playing:
                for name, path in STREAMS.items():
                    address = house.audience("evening", path)
                    playing.create_task(recorded(name.split()[0], address, places[name], seconds=HEARD_S))
                _, heard = await probe(house.audience("evening", "/live.aac"), seconds=HEARD_S)
        finally:
            if sender.returncode is None:
                sender.terminate()
            await sender.wait()
        yield Evening(said, heard.samples(), places)


def _place(folder: Path) -> Path:
    """A file in a folder that a player may write to, whoever it runs as."""
    folder.mkdir()
    folder.chmod(0o777)
    for parent in folder.parents:
        if parent == Path("/tmp") or not os.access(parent, os.W_OK) or parent.stat().st_uid != os.geteuid():
            break
        parent.chmod(parent.stat().st_mode | 0o011)
    return folder / "heard.wav"


async def test_what_gstreamer_says_is_heard(evening: Evening) -> None:
    """``webrtcbin`` offers, is answered and speaks; its voice reaches a listener."""
    assert_heard(evening.said[SETTLED_S * 48_000 :], evening.by_us)


@pytest.mark.parametrize("name", STREAMS)
async def test_a_player_hears_it(evening: Evening, name: str) -> None:
    """Each player plays its stream; what it would give to the loudspeaker is what our own listener heard, as loud."""
    played = read(evening.by_players[name].read_bytes(), 60.0).samples
    assert played.size > 48_000 * HEARD_S / 2
    assert_heard(evening.by_us, played, least=ALIKE)
    assert abs(loudness_difference_lu(evening.by_us, played)) < 3.0
