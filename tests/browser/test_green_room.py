"""The green room: hearing oneself, the network, the hold music and music mode, before anybody else hears a thing."""

from __future__ import annotations

import asyncio

import pytest

from stentor.audio.pcm import Samples
from tests.browser.conftest import Browsers
from tests.browser.test_voices import AS_RECORDED, THERE, TRIES
from tests.support.browser import RATE_HZ, visit
from tests.support.sound import correlation
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.realtime,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
PIECE = 2 * RATE_HZ
"""A busy machine may hold up the sound between two of these."""
CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...all) { super(...all); window.connections.push(this); }
};
"""
SENT = """Promise.all(window.connections.map(async (each) => {
  const sent = [...(await each.getStats()).values()].find(({ type }) => type === 'outbound-rtp');
  const { echoCancellation, noiseSuppression } = each.getSenders()[0]?.track?.getSettings() ?? {};
  return { bps: sent?.targetBitrate ?? 0, echoCancellation, noiseSuppression };
})).then((all) => all.at(-1))"""

SWITCHED = f"""(async () => {{
  while ((await {SENT}).echoCancellation) await new Promise((done) => setTimeout(done, 100));
}})()"""
"""Ends when the microphone of the connection that is there sends as it is."""


async def test_one_hears_oneself_before_the_doors_open(
    house: Whole, browsers: Browsers, voices: dict[str, Samples]
) -> None:
    """One's own voice comes back, the network is judged, the hold music plays; and nobody is on the stage yet."""
    made = await house.call("POST", "/spaces", {"id": "green", "title": "Green", "language": "en"})
    stage = f"http://127.0.0.1:{house.settings.port}/stage/green#token={made['invitation']['token']}"
    async with visit(browsers.reader, stage, init_script=AS_RECORDED) as page:
        await page.says("#you", "You are invited as Host")
        await page.page.click("#hold")
        assert await page.advances("#hold-music", seconds=1.0) > 0.5
        scores: list[float] = []
        while not scores or scores[-1] <= THERE:
            assert len(scores) < TRIES, f"one does not hear oneself: {scores}"
            await page.page.click("#check")
            await page.says("#check-said", "Say a sentence")
            await page.until("document.querySelector('#hold-music').paused", "the music is quiet while one speaks")
            await page.says("#check-said", "Listen")
            heard = await page.record("#echo", 3.5)
            await page.says("#check-found", "The network is good")
            scores.append(correlation(heard[4800:-4800], voices["reader"]).score)
        lights = await page.page.eval_on_selector_all("#check-found li", "all => all.map((li) => li.dataset.light)")
        assert lights == ["green"] * 3
        assert (await house.call("GET", "/spaces/green"))["seats"][0]["state"] == "away"
        page.calm()


async def test_music_mode_is_remembered_and_sends_music_as_it_is(house: Whole, browsers: Browsers) -> None:
    """Without it the browser cleans speech up; with it, also after a reload, it does not, and may send 128 kbit/s."""
    tokens = await house.space("music")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/music#token={tokens['host']}"
    async with visit(browsers.reader, stage, init_script=CONNECTIONS) as page:
        await page.page.click("#join")
        await page.says("#status", "You are on the stage")
        await house.until("music", lambda view: view["seats"][0]["agreed_ms"], "joining agrees to the recording")
        speech = await page.page.evaluate(SENT)
        assert (speech["echoCancellation"], speech["noiseSuppression"]) == (True, True)
        await page.page.click("#mic-open")
        await page.page.get_by_label("Music mode").check()
        await page.page.evaluate(SWITCHED)
        await page.page.reload()
        assert await page.page.get_by_label("Music mode").is_checked()
        await page.says("#status", "You are on the stage")
        music = await page.page.evaluate(SENT)
        assert (music["echoCancellation"], music["noiseSuppression"]) == (False, False)
        assert music["bps"] > 2 * speech["bps"], (speech, music)
        page.calm()


async def test_before_the_doors_they_hear_each_other_and_the_pages_say_so(
    house: Whole, browsers: Browsers, voices: dict[str, Samples]
) -> None:
    """Two pages join a space that is closed; each knows that nobody outside hears, the host who is ready, and the doors
    open under them. The listener's page has the names before."""
    made = await house.call("POST", "/spaces", {"id": "before", "title": "Before", "language": "en"})
    guest = await house.call("POST", "/spaces/before/invitations", {"name": "Grace"})
    stage = f"http://127.0.0.1:{house.settings.port}/stage/before#token="
    among_us = "You can hear each other"
    async with (
        visit(browsers.reader, stage + made["invitation"]["token"]) as host,
        visit(browsers.cards, stage + guest["token"]) as other,
        visit(browsers.plain, house.audience("before")) as listener,
    ):
        await host.says("#people", "invited")
        await asyncio.gather(host.page.click("#join"), other.page.click("#join"))
        for speaker in (host, other):
            await speaker.says("#among-us", among_us)
        await host.until(
            "[...document.querySelectorAll('#people .quiet')].every((how) => /^(ready|talking)/.test(how.textContent))",
            "both are ready",
        )
        scores: list[float] = []
        while not scores or scores[-1] <= THERE:
            assert len(scores) < TRIES, f"they do not hear each other: {scores}"
            heard = await host.record("#mix", 6)
            pieces = [heard[at : at + PIECE] for at in range(0, heard.size - PIECE, PIECE // 2)]
            scores.append(max(correlation(piece, voices["cards"]).score for piece in pieces))
        await listener.says("#to-come", "On stage: Grace")
        await house.call("POST", "/spaces/before/doors")
        await host.says("#state", "Doors open")
        assert await other.page.inner_text("#among-us"), "still nobody outside hears them"
        await house.call("POST", "/spaces/before/live")
        for speaker in (host, other):
            await speaker.until("document.querySelector('#among-us').hidden", "everybody hears them now")
            await speaker.says("#status", "You are on the stage")
            speaker.calm()
