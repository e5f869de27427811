"""The pages as people meet them: every state, every way to play, both languages, the keyboard, the size."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from stentor.base import config
from stentor.client.speak import recorded_voice
from stentor.client.speaker import Speaker
from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
PAGE_BUDGET_BYTES = 40_000


async def test_a_space_from_the_countdown_to_the_replay(house: Whole, browsers: Browsers) -> None:
    """One listener's page goes through the whole life of a space without being loaded again."""
    soon = round(time.time() * 1000) + 3_600_000
    body = {"id": "life", "title": "Life & times", "scheduled_ms": soon}
    token = (await house.call("POST", "/spaces", body))["invitation"]["token"]
    async with visit(browsers.plain, house.audience("life")) as page:
        await page.says("#say", "59 minutes")
        await page.page.click("#play")
        await page.until("document.querySelector('#audio').currentTime > 0.5", "hold music plays while one waits")
        await house.call("POST", "/spaces/life/doors")
        await page.says("#state", "Doors")
        await page.until("document.querySelector('#audio').currentTime > 0", "music from the programme")
        await page.says("#say", "Music until Host goes live.")
        async with Speaker(house.whip("life"), token, recorded_voice("reader"), name="host"):
            await page.says("#seats", "Host")
            await house.until("life", lambda view: any(seat["talking"] for seat in view["seats"]), "the host talks")
            assert await page.page.locator("#seats .talking").count() == 0, "the green room is not for the audience"
            await house.call("POST", "/spaces/life/live")
            await page.says("#state", "Live")
            await page.says("#seats .talking", "Host")
            await page.says("#say", "With Host.")
            await page.flows()
        await page.says("#headline", "We've lost the stage")
        await house.call("POST", "/spaces/life/end")
        await page.until("!document.querySelector('#recording').hidden", "the recording is offered")
        assert await page.page.title() == "Life & times · Stentor"
        recording = "#recording audio"
        await page.page.eval_on_selector(recording, "audio => audio.play()")
        await page.until(f"document.querySelector('{recording}').duration > 5", "the recording knows its length")
        await page.page.eval_on_selector(recording, "audio => { audio.currentTime = 4; }")
        await page.until(f"document.querySelector('{recording}').currentTime > 4.2", "it plays on from there")
        page.calm()


async def has_a_segment(house: Whole, space: str) -> None:
    """Waits until the playlist has its first: 3.84 s after the doors have opened."""
    async with asyncio.timeout(PATIENCE_S):
        while "#EXTINF" not in (await house.client.get(house.audience(space, "/hls/aac-64.m3u8"))).text:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("way", "without"), [("hls", None), ("plain", "**/vendor/**")])
async def test_both_ways_to_play(house: Whole, browsers: Browsers, way: str, without: str | None) -> None:
    """Low-latency HLS by hls.js or, when that cannot be had, the plain stream; both go on at the clock's speed."""
    name = f"ways-{way}"
    await house.space(name)
    await has_a_segment(house, name)
    async with visit(browsers.plain, house.audience(name), without=without) as page:
        await page.page.click("#play")
        await page.until("document.querySelector('#audio').currentTime > 0", f"it plays by {way}")
        await page.flows()
        loaded = [response.url for response in page.watch.responses]
        assert any(url.endswith(".m4s") for url in loaded) == (way == "hls")
        assert any("/live." in url for url in loaded) == (way == "plain")
        page.calm(but=("ERR_FAILED",) if without else ())


async def test_a_browser_without_media_source_plays_hls_itself(house: Whole, browsers: Browsers) -> None:
    """As on Apple's phones: the playlist stands in the element, hls.js is not loaded, and the sound goes on."""
    await house.space("native")
    await has_a_segment(house, "native")
    script = "delete window.MediaSource; delete window.ManagedMediaSource;"
    async with visit(browsers.plain, house.audience("native"), init_script=script) as page:
        await page.page.click("#play")
        await page.until("document.querySelector('#audio').currentTime > 0", "it plays")
        assert (await page.page.get_attribute("#audio", "src") or "").partition("?")[0].endswith("/hls/index.m3u8")
        await page.flows()
        assert not any("/vendor/" in response.url for response in page.watch.responses)
        page.calm()


async def test_it_works_without_javascript(house: Whole, browsers: Browsers) -> None:
    """A plain audio element with the browser's own buttons plays the stream."""
    await house.space("bare")
    async with visit(browsers.plain, house.audience("bare"), java_script_enabled=False) as page:
        audio = page.page.locator("#plain audio[controls]")
        await audio.wait_for(state="visible")
        assert (await audio.get_attribute("src") or "").endswith("/s/bare/live.aac")
        assert await page.page.locator("#play").is_hidden()
    async with visit(browsers.plain, house.audience("bare", "/live.aac")) as player:
        await player.until("document.querySelector('video, audio').currentTime > 1", "the stream plays by itself")


async def test_the_page_is_small(house: Whole, browsers: Browsers) -> None:
    """The page and all it loads before there is sound, but hls.js, is 40 kB at most on the wire; the stage and the
    comments come when they are opened."""
    await house.space("small")
    await house.call("PUT", "/spaces/small/rung", {"rung": 0})  # on a busy machine comments give way
    async with visit(browsers.plain, house.audience("small")) as page:
        await page.page.click("#play")
        await page.says("#sound", "You are listening")
        sizes = {url: size for url, size in (await page.watch.gzipped()).items() if "vendor/" not in url}
        assert len(sizes) >= 4
        assert sum(sizes.values()) <= PAGE_BUDGET_BYTES, sizes
        later = {"speak.js": "#ask a", "comments.js": "#comments summary"}
        assert not [url for url in sizes if "/studio/" in url or url.rpartition("/")[2] in {*later, "replay.js"}]
        for script, press in later.items():
            async with page.page.expect_response(lambda response, script=script: response.url.endswith(f"/{script}")):  # type: ignore[misc]
                await page.page.click(press)


async def test_on_a_phone_the_bar_is_below(house: Whole, browsers: Browsers) -> None:
    """All is within the thumb's reach, nothing jumps, and what is opened comes from below and closes by a key."""
    await house.space("thumb")
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "de-DE"}
    shift = """window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value;
      }).observe({ type: "layout-shift", buffered: true });"""
    async with visit(browsers.plain, house.audience("thumb"), init_script=shift, **phone) as page:
        loaded = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/vendor/'))"
        await page.until(loaded, "what plays the sound is there before anybody presses")
        await page.page.click("#play")
        await page.says("#sound", "Sie hören zu")
        await page.page.evaluate("scrollTo(0, 0)")
        for tool in await page.page.locator(".controls :is(button, a):visible").all():
            box = await tool.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 44
            assert box["y"] + box["height"] <= 844
        await page.page.click("#react")
        await page.page.locator("#reactions button").first.click()
        await page.page.click("#more")
        assert await page.page.locator("#ways").is_visible()
        await page.page.keyboard.press("Escape")
        assert not await page.page.locator("#ways").is_visible()
        assert float(await page.page.evaluate("shifted")) < 0.1
        page.calm()


async def test_german_listeners_read_german(house: Whole, browsers: Browsers) -> None:
    """The reader's language wins, in the page and in its attribute."""
    await house.space("sprache")
    async with visit(browsers.plain, house.audience("sprache"), locale="de-DE") as page:
        await page.until("document.documentElement.lang === 'de'", "the page says that it is German")
        assert "Türen offen" in await page.page.inner_text("body")
    async with visit(browsers.plain, f"http://127.0.0.1:{house.settings.port}/", locale="de-DE") as page:
        assert await page.page.get_attribute("html", "lang") == "de"


async def test_a_host_leads_a_space_from_the_page(house: Whole, browsers: Browsers) -> None:
    """Unlock, create, open the doors, go live, end: all of it by name and keyboard."""
    async with visit(browsers.plain, f"http://127.0.0.1:{house.settings.port}/admin") as page:
        await page.page.get_by_label("Admin token").fill("wrong")
        await page.page.keyboard.press("Enter")
        await page.says("#notice", "not the admin token")
        await page.page.get_by_label("Admin token").fill(config.admin_token(house.settings))
        await page.page.keyboard.press("Enter")
        await page.page.get_by_label("Title").fill("By hand")
        await page.page.get_by_label("Host (leave empty to host it yourself)").fill("Ada")
        spoken = page.page.get_by_label("Spoken language")
        assert await spoken.input_value() == "en", "the reader's own is proposed"
        await spoken.select_option("German")
        await page.page.get_by_role("button", name="Create", exact=True).press("Enter")
        await page.until("document.querySelector('#created input')?.value.includes('#t')", "the host's link is shown")
        row = page.page.locator("#spaces li", has_text="By hand")
        for verb, state in (("Open the doors", "doors_open"), ("Go live", "live"), ("End", "ended")):
            await row.get_by_role("button", name=verb, exact=True).click()
            if verb == "End":
                await page.sure()
            await house.until("by-hand", lambda view, state=state: view["state"] in (state, "replay"), verb)  # type: ignore[misc]
        page.calm(but=("401", "403"))


async def test_a_space_that_is_none_has_a_friendly_page(house: Whole, browsers: Browsers) -> None:
    """404 with words for people, on both ports."""
    for url in (house.audience("nowhere"), f"http://127.0.0.1:{house.settings.port}/stage/nowhere"):
        async with visit(browsers.plain, url) as page:
            assert "no" in (await page.page.inner_text("h1")).lower()
            assert page.watch.responses[0].status == 404
            head = await page.page.evaluate("document.querySelector('header').getBoundingClientRect().bottom")
            assert head < 120, "the site's name stands at the top"


async def test_a_site_is_heard_by_each_of_its_names(house: Whole, browsers: Browsers) -> None:
    """Who comes by another name than the one that is set, as before DNS is right, hears and reads the same."""
    await house.space("alias")
    async with visit(browsers.plain, f"http://localhost:{house.settings.audience_port}/s/alias") as page:
        assert "127.0.0.1" in house.settings.audience_address
        await page.page.click("#play")
        await page.says("#sound", "You are listening")
        await page.flows()
        page.calm()
