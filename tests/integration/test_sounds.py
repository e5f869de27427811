"""The soundboard at the house: files come in and are checked, what is played is written down, nothing is left over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from stentor.audio.loudness import SPEECH_LUFS, integrated_lufs
from stentor.audio.pcm import from_int16
from stentor.store.objects import Objects
from tests.integration.test_house import sound
from tests.support.house import House, problem, running_house
from tests.support.sound_files import encoded, flipped, id3, mp3, tone, wav

PATH = "/api/v1/spaces/talk"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


async def test_a_sound_from_file_to_record(house: House) -> None:
    """Refused with a reason, or kept as samples no louder than speech; played, turned and stopped in the events."""
    await house.create()
    board = f"{PATH}/sounds?name=Bell"
    problem(await house.anyone.put(board, content=sound(1)), 401, "not-signed-in")
    problem(await house.http.put(board, content=b"not sound at all"), 400, "bad-input")
    problem(await house.http.put(board), 400, "bad-input")
    problem(await house.http.put(f"{PATH}/sounds", content=sound(1)), 400, "bad-input")
    problem(await house.http.put(board, content=sound(61)), 400, "bad-input")
    (bell,) = (await house.http.put(board, content=sound(2))).json()["sounds"]
    assert (bell["name"], bell["length_ms"]) == ("Bell", 2000)
    assert (await house.http.put(board, content=sound(2))).json()["sounds"] == [bell]
    objects = Objects.open(house.settings.recordings_address)
    ((key, _),) = await objects.list("sounds/talk")
    samples = from_int16(await objects.get(key))
    assert samples.size == 96_000
    assert np.abs(samples).max() > 0.01
    assert integrated_lufs(samples) <= SPEECH_LUFS + 0.5

    play = {"sound": bell["id"], "volume": 40}
    problem(await house.http.put(f"{PATH}/playing", json=play), 409, "not-on-air")
    await house.http.post(f"{PATH}/live")
    problem(await house.http.put(f"{PATH}/playing", json={"sound": "other"}), 404, "no-sound")
    problem(await house.http.patch(f"{PATH}/playing", json={"volume": 50}), 409, "nothing-plays")
    playing = (await house.http.put(f"{PATH}/playing", json=play)).json()["playing"]
    assert (playing["name"], playing["volume"], playing["ends_ms"] - playing["started_ms"]) == ("Bell", 40, 2000)
    assert (await house.http.delete(f"{PATH}/playing")).json()["playing"] is None
    kinds = [event["kind"] for event in (await house.http.get(f"{PATH}/events")).json()["events"]]
    assert kinds == ["SpaceCreated", "SoundAdded", "DoorsOpened", "WentLive", "SoundPlayed", "SoundStopped"]


async def test_nothing_is_left_of_what_was_taken_away(house: House) -> None:
    """A sound that was removed, and all of them when the space is over."""
    await house.create()
    objects = Objects.open(house.settings.recordings_address)
    one = (await house.http.put(f"{PATH}/sounds?name=One", content=sound(1))).json()["sounds"][0]["id"]
    await house.http.put(f"{PATH}/sounds?name=Two", content=sound(2))
    assert len(await objects.list("sounds/talk")) == 2
    assert len((await house.http.delete(f"{PATH}/sounds/{one}")).json()["sounds"]) == 1
    assert len(await objects.list("sounds/talk")) == 1
    await house.http.post(f"{PATH}/live")
    assert (await house.http.post(f"{PATH}/end")).json()["sounds"] == []
    assert await objects.list("sounds/talk") == []


async def test_damaged_files_are_taken_and_what_is_missing_is_said(house: House) -> None:
    """200 with the sound that is there, and a code and a sentence for each thing that was left out."""
    await house.create()
    board, low = f"{PATH}/sounds?name=Bell", tone(1.0, 300.0)
    for data, length_ms, codes in (
        (flipped(encoded("flac", "flac"), 0.5), (850, 950), ["damaged"]),
        (wav()[:100_000], (510, 530), ["cut-short"]),
        (id3(5000) + mp3() + mp3(low, low), (1950, 2100), []),
        (wav(low, -low), (1000, 1000), []),
    ):
        taken = (await house.http.put(board, content=data)).json()
        assert [each["code"] for each in taken["left_out"]] == codes
        assert all(each["detail"].endswith(".") for each in taken["left_out"])
        assert length_ms[0] <= taken["sounds"][-1]["length_ms"] <= length_ms[1]
    hold = await house.http.put(f"{PATH}/hold", content=encoded("ogg", "libopus", tone(70.0)), timeout=60)
    assert [each["code"] for each in hold.json()["left_out"]] == ["rest"]


async def test_a_file_reaches_no_other_file_and_no_network(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text that names files or addresses is no sound, whatever lies in the folder that the house was started in."""
    await house.create()
    (tmp_path / "secret.wav").write_bytes(wav())
    monkeypatch.chdir(tmp_path)
    before = {connection.laddr for connection in psutil.Process().net_connections() if not connection.raddr}
    for text in (
        "ffconcat version 1.0\nfile 'secret.wav'\n",
        "#EXTM3U\n#EXTINF:1,\nsecret.wav\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 35098 RTP/AVP 0\n",
        f"[playlist]\nFile1={tmp_path}/secret.wav\n",
    ):
        refused = problem(await house.http.put(f"{PATH}/sounds?name=x", content=text.encode()), 400, "bad-input")
        assert refused["reason"] == "not-sound"
    after = {connection.laddr for connection in psutil.Process().net_connections() if not connection.raddr}
    assert after == before
