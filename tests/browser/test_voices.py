"""People as they meet: two with microphones in their browsers, one who listens in a third."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from playwright.async_api import Browser

from stentor.audio.pcm import Samples, level_dbfs
from stentor.base.grid import TICK_SAMPLES
from tests.browser.conftest import Browsers
from tests.support.browser import Visit, visit
from tests.support.sound import assert_not_heard, correlation
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
TURN_S = 9.0
THERE = 0.6
"""Another voice and other words score 0.3 at most; a busy machine stretches a little what a browser plays."""
TRIES = 4
"""After connecting, and on a busy machine, Chromium plays a little faster until its buffer is short: it settles."""
AS_RECORDED = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = () =>
  ask({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
"""
"""Chromium's own noise suppression changes a recorded voice so much that it scores 0.6 to 0.7 against the file."""


@pytest.mark.realtime
async def test_a_voice_reaches_the_other_speaker_and_the_listener(
    house: Whole, browsers: Browsers, voices: dict[str, Samples]
) -> None:
    """Each is heard by the other speaker and by the listener, whose player advances; nobody hears himself."""
    tokens = await house.space("evening", "guest")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/evening#token="
    async with (
        visit(browsers.reader, stage + tokens["host"], init_script=AS_RECORDED) as host,
        visit(browsers.cards, stage + tokens["guest"], init_script=AS_RECORDED) as guest,
        visit(browsers.plain, house.audience("evening")) as listener,
    ):
        await host.says("#you", "You are invited as host")
        await asyncio.gather(host.page.click("#join"), guest.page.click("#join"), listener.page.click("#play"))
        for speaker in (host, guest):
            await speaker.says("#status", "You are on the stage")
        await host.page.get_by_role("button", name="Go live").click()
        await listener.says("#state", "Live")

        await guest.page.keyboard.press("m")
        await guest.says("#status", "muted")
        await listener.says("#seats .talking", "host")
        by_host, *_ = await asyncio.gather(
            host.record("#mix", TURN_S), hears(guest, voices["reader"]), listens(listener)
        )
        assert_not_heard(voices["reader"], by_host)

        await host.page.click("#mute")
        await host.says("#status", "muted")
        await guest.page.click("#mute")
        await guest.says("#status", "You are on the stage.")
        await listener.says("#seats .talking", "guest")
        by_guest, *_ = await asyncio.gather(
            guest.record("#mix", TURN_S), hears(host, voices["cards"]), listens(listener)
        )
        assert_not_heard(voices["cards"], by_guest)

        await guest.page.click("#leave")
        await guest.says("#status", "You've left")
        for each in (host, guest, listener):
            each.calm()


async def hears(speaker: Visit, said: Samples) -> None:
    """What a speaker's page plays is this voice; said once, or once again while the player settles."""
    scores: list[float] = []
    while not scores or scores[-1] < THERE:
        assert len(scores) < TRIES, f"the other speaker is not heard: {scores}"
        scores.append(correlation(said, await speaker.record("#mix", TURN_S)).score)


async def listens(listener: Visit) -> None:
    """The player goes on at the speed of the clock, and what it plays rises and falls as speech does, not as music."""
    await listener.flows()
    heard = await listener.record("#audio", TURN_S)
    ticks = heard[: heard.size // TICK_SAMPLES * TICK_SAMPLES].reshape(-1, TICK_SAMPLES)
    loud, quiet = np.quantile([level_dbfs(tick) for tick in ticks], (0.95, 0.1))
    assert loud > -35, f"the loudest of what is heard has {loud:.0f} dBFS"
    assert loud - quiet > 20, f"speech has pauses; this goes from {quiet:.0f} to {loud:.0f} dBFS"


async def test_an_invitation_that_is_none_is_said_plainly(house: Whole, windowed: Browser) -> None:
    """A wrong token, no token and a forbidden microphone each have their sentence."""
    tokens = await house.space("refusals")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/refusals"
    async with visit(windowed, stage) as page:
        await page.says("#blocked", "no invitation")
    async with visit(windowed, f"{stage}#token=wrong") as page:
        await page.says("body", "no longer valid")
    async with visit(windowed, f"{stage}#token={tokens['host']}") as page:
        await page.page.click("#join")
        await page.says("#warning", "Microphone")
