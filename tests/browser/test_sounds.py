"""A host plays a sound file: everybody on the stage and in the audience hears it, and sees its name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stentor.audio.pcm import Samples
from stentor.client.listener import probe
from tests.browser.conftest import Browsers
from tests.browser.test_voices import AS_RECORDED, THERE
from tests.support.browser import visit, write_wav
from tests.support.sound import assert_not_heard, clearest
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.realtime,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
LISTEN_S = 11.0


async def test_a_sound_is_heard_by_everybody(
    house: Whole, browsers: Browsers, voices: dict[str, Samples], tmp_path: Path
) -> None:
    """Added, played, heard by the host himself, by a guest and by a listener, and stopped."""
    file = write_wav(tmp_path / "A word.wav", voices["cards"])
    tokens = await house.space("sounds", "guest")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/sounds#token="
    async with (
        visit(browsers.reader, stage + tokens["host"], init_script=AS_RECORDED) as host,
        visit(browsers.reader, stage + tokens["guest"], init_script=AS_RECORDED) as guest,
    ):
        await asyncio.gather(host.page.click("#join"), guest.page.click("#join"))
        for speaker in (host, guest):
            await speaker.says("#status", "You are on the stage")
            await speaker.page.click("#mute")
        await house.call("POST", "/spaces/sounds/live")
        assert await guest.page.locator("#sounds").is_hidden()
        await host.page.get_by_role("button", name="Sounds").click()
        await host.page.set_input_files("#sound-file", file)
        assert await host.page.input_value("#sound-name") == "A word"
        await host.page.click("#sound-add")
        await host.page.get_by_role("button", name="Play: A word").click()
        await guest.says("#sound-now", "A word is playing")
        assert await guest.page.locator("#sound-controls").is_hidden()
        await host.page.get_by_role("button", name="Stop", exact=True).click()
        await host.says("#sound-now", "Nothing is playing")
        await guest.page.locator("#sound-now").wait_for(state="hidden")

        press = host.page.get_by_role("button", name="Play: A word").click()
        by_host, by_guest, (_, by_listener), _ = await asyncio.gather(
            host.record("#mix", LISTEN_S),
            guest.record("#mix", LISTEN_S),
            probe(house.audience("sounds", "/live.aac"), seconds=LISTEN_S),
            press,
        )
        for heard in (by_host, by_guest, by_listener.samples()):
            assert clearest(voices["cards"], heard) > THERE
            assert_not_heard(voices["reader"], heard)
        half = tmp_path / "Half.wav"
        half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        await host.page.set_input_files("#sound-file", half)
        await host.page.click("#sound-add")
        await host.says("#sound-missing", "The file is not complete")
        host.calm()
        guest.calm()
