"""The recording's page: chapters, skipping, speed, links to a moment, what is remembered, clips, and no script."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.cues import keep, said
from tests.support.edge import Rig, edge
from tests.support.recorded import record, recorded_space

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
SPOKE = ["Ada 0:58 · 69%", "Bob 0:25 · 31%"]
AUDIO = "#recording audio"
BUSY_AT_FIRST = """
const [ask, asked] = [window.fetch, new Set()];
window.fetch = (address, ...more) => {
  if (/counts/.test(address)) return new Promise(() => {});
  if (asked.has(address) || !/chapters|captions/.test(address)) return ask(address, ...more);
  asked.add(address);
  return Promise.resolve(new Response("{}", { status: 503 }));
};
"""
AT = f"document.querySelector('{AUDIO}').currentTime"


@pytest_asyncio.fixture(loop_scope="session")
async def rig() -> AsyncIterator[Rig]:
    """An edge with a talk of 92 s: music, Ada, Bob, Ada, and 0.96 s that are missing at 0:38."""
    async with edge(recorded_space(title="Tea & talk")) as rig:
        speakers = {range(24, 99): "ada", range(99, 180): "bob", range(180, 288): "ada"}
        await record(rig.objects, 288, speakers, missing=range(120, 123))
        await keep(rig.objects, said(8, "Good evening."), said(12, "And welcome."), said(40, "Thank you.", "bob"))
        yield rig


def address(rig: Rig, path: str = "") -> str:
    return f"http://127.0.0.1:{rig.port}/s/friday{path}"


async def test_the_player_of_a_recording(rig: Rig, browsers: Browsers) -> None:
    """Chapters by who speaks, skip, speed, the picture, the honest gap: by buttons and keys."""
    async with visit(browsers.plain, address(rig)) as page:
        await page.until("document.querySelectorAll('#chapters li').length === 4", "all turns are there")
        chapters = await page.page.locator("#chapters li").all_inner_texts()
        assert [" ".join(text.split()) for text in chapters] == ["0:00 Music", "0:07 Ada", "0:31 Bob", "0:57 Ada"]
        await page.until(f"Math.abs({AT} - 7.68) < 0.1", "it begins with who speaks first")
        await page.page.click("#next")
        await page.says("#now", "Bob")
        await page.page.click("#previous")
        await page.says("#now", "Ada")
        await page.page.select_option("#speed", "1.5")
        assert await page.page.eval_on_selector(AUDIO, "audio => audio.playbackRate") == 1.5
        assert await page.page.locator("#wave svg path").count() == 2
        box = await page.page.locator("#wave").bounding_box()
        assert box
        await page.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
        await page.until(f"Math.abs({AT} - 46) < 1", "a click in the picture seeks")
        await page.page.focus("#wave")
        await page.page.keyboard.press("ArrowRight")
        await page.until(f"Math.abs({AT} - 51) < 1", "the arrow keys seek")
        await page.page.locator("#chapters button").nth(3).click()
        await page.until(f"{AT} > 58", "a chapter is played from its beginning")
        await page.page.click("#speakers summary")
        spoke = [" ".join(text.split()) for text in await page.page.locator("#speakers li").all_inner_texts()]
        assert spoke == SPOKE, "who had the floor for longest comes first"
        await page.says("#missing summary", "0.96 s were not recorded")
        await page.page.click("#missing summary")
        await page.says("#gaps", "0.96 s are missing at 0:38")
        page.calm()


async def test_a_link_to_a_moment_and_a_remembered_position(rig: Rig, browsers: Browsers) -> None:
    """``#t=`` begins there, in seconds or as a clock; without it the page goes on where this listener stopped."""
    async with visit(browsers.plain, address(rig, "#t=40")) as page:
        await page.until(f"Math.abs({AT} - 40) < 0.5", "it begins where the link says")
        await page.page.click("#share")
        await page.says("#shared", "/s/friday#t=40")
        word = await page.page.locator(".toast").bounding_box()
        size = page.page.viewport_size
        assert word
        assert size
        assert abs(2 * word["x"] + word["width"] - size["width"]) < 2, "the short word stands in the middle"
        await page.page.goto(address(rig, "#t=1:05"))
        await page.until(f"Math.abs({AT} - 65) < 0.5", "another link on the same page")
        await page.until("localStorage.getItem('stentor-position-friday') > 60", "the position is kept")
        await page.page.goto("about:blank")
        await page.page.goto(address(rig))
        await page.until(f"Math.abs({AT} - 65) < 0.5", "it goes on where it stopped")
        page.calm()


async def test_a_clip_is_cut_on_the_page(rig: Rig, browsers: Browsers) -> None:
    """From the turn's beginning, half a minute; a longer one is refused with a sentence; the clip's page plays."""
    async with visit(browsers.plain, address(rig, "#t=35")) as page:
        await page.until("document.querySelectorAll('#chapters li').length === 4", "all turns are there")
        await page.page.click("#turns summary")
        await page.until("document.querySelector('#from').value === '0:31'", "the turn's beginning is offered")
        last = page.page.locator("#range button").last
        await page.page.locator("#range button").first.press("ArrowRight")
        await page.until("document.querySelector('#from').value === '0:32'", "a key moves the beginning")
        handle, wave = await last.bounding_box(), await page.page.locator("#wave").bounding_box()
        assert handle
        assert wave
        await page.page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 5)
        await page.page.mouse.down()
        await page.page.mouse.move(wave["x"] + wave["width"] / 2, handle["y"] + 5)
        await page.page.mouse.up()
        length = float(await page.page.eval_on_selector(AUDIO, "audio => audio.duration"))
        written = str(await page.page.input_value("#to")).split(":")
        assert abs(60 * int(written[0]) + float(written[1]) - length / 2) < 0.5, "the end is where the hand let go"
        await page.page.fill("#from", "0:31")
        await page.page.fill("#to", "2:00")
        await page.says("#cut-wrong", "60 seconds")
        await page.page.fill("#to", "0:36")
        await page.page.click("#clip")
        await page.says(".state", "Clip from 0:31 to 0:36")
        await page.page.eval_on_selector("audio", "audio => audio.play()")
        await page.until("document.querySelector('audio').currentTime > 0.5", "the clip plays")
        assert abs(await page.page.eval_on_selector("audio", "audio => audio.duration") - 5) < 0.05
        page.calm()


async def test_a_clip_of_a_long_recording(browsers: Browsers) -> None:
    """While one cuts, the wave shows three minutes: a clip is drawn with the mouse, its handles lie apart, and it
    follows who goes elsewhere (nypublicradio/audiogram#49, Automattic/pocket-casts-ios#2124)."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 1200, {range(1200): "ada"})
        async with visit(browsers.plain, address(rig, "#t=60"), viewport={"width": 390, "height": 844}) as page:
            await page.until(f"{AT} > 59", "it begins where the link says")
            await page.page.click("#turns summary")
            await page.says("#ends", "3:00")
            boxes = [await each.bounding_box() for each in await page.page.locator("#range button").all()]
            assert boxes[0]
            assert boxes[1]
            assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
            wave = await page.page.locator("#wave").bounding_box()
            assert wave
            x, y = wave["x"], wave["y"] + 30
            await page.page.mouse.move(x + wave["width"] / 2, y)
            await page.page.mouse.down()
            await page.page.mouse.move(x + wave["width"] * 0.6, y, steps=4)
            await page.page.mouse.up()
            drawn = [str(await page.page.input_value(name)) for name in ("#from", "#to")]
            assert [text.split(".")[0] for text in drawn] == ["1:30", "1:48"], "what was drawn over is cut"
            assert abs(float(await page.page.evaluate(AT)) - 60) < 1, "who draws goes nowhere"
            await page.page.evaluate(f"{AT} = 300")
            await page.until("document.querySelector('#to').value.startsWith('5')", "the clip follows")
            await page.page.click("#turns summary")
            await page.until("document.querySelector('#ends').hidden", "all of it is shown again")
            await page.page.mouse.click(x + wave["width"] / 4, y)
            await page.until(f"Math.abs({AT} - 96) < 2", "a click seeks")
            page.calm()


async def test_a_recording_without_javascript_and_on_a_small_screen(rig: Rig, browsers: Browsers) -> None:
    """The browser's own player and the download are there, and nothing that needs a script; 360 px hold all of it. A
    busy edge is asked for the chapters again, and nothing waits for what never comes."""
    async with visit(browsers.plain, address(rig), java_script_enabled=False) as page:
        assert await page.page.locator(AUDIO).is_visible()
        assert await page.page.locator("#turns").is_hidden()
        assert await page.page.locator("#replay").is_hidden()
    small = {"width": 360, "height": 700}
    async with visit(browsers.plain, address(rig), viewport=small, init_script=BUSY_AT_FIRST) as page:
        await page.until("document.querySelectorAll('#chapters li').length === 4", "all turns are there")
        await page.until("document.documentElement.scrollWidth <= 360", "nothing sticks out")


async def test_the_transcript_of_a_recording(rig: Rig, browsers: Browsers) -> None:
    """Who said what: a line is heard by a click, the one that is heard is marked, and there is a file to keep."""
    async with visit(browsers.plain, address(rig)) as page:
        await page.until("document.querySelectorAll('#transcript li').length === 3", "all lines are there")
        await page.page.click("#tab-words")
        lines = await page.page.locator("#transcript li").all_inner_texts()
        assert [" ".join(text.split()) for text in lines] == [
            "0:08 Ada Good evening.", "0:12 And welcome.", "0:40 Bob Thank you.",
        ]  # fmt: skip
        await page.page.fill("#find", "welcome")
        await page.says("#found", "1")
        assert await page.page.locator("#transcript li:visible").all_inner_texts() == lines[1:2]
        await page.page.fill("#find", "")
        await page.page.locator("#transcript button").nth(2).click()
        await page.until(f"{AT} > 40 && {AT} < 45", "it is heard")
        await page.says("#transcript [aria-current]", "Thank you.")
        async with page.page.expect_download() as download:
            await page.page.click("#words .ways a")
        assert (await download.value).suggested_filename == "transcript.txt"
        page.calm()
