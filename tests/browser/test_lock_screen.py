"""What a telephone shows of the sound while it is locked, and what its buttons do (Media Session)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Browsers
from tests.support.browser import Visit, visit
from tests.support.edge import edge, live_space
from tests.support.recorded import record, recorded_space
from tests.support.screens import GUESTS_TALK, TITLE, play

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
BUTTONS = """
window.pressed = {};
const { setActionHandler } = MediaSession.prototype;
MediaSession.prototype.setActionHandler = function (action, handler) {
  window.pressed[action] = handler;
  return setActionHandler.call(this, action, handler);
};
"""
"""Keeps what the page wants its buttons to do, for a headless browser has no lock screen to press them on."""
METADATA = "navigator.mediaSession.metadata"
SHOWN = f"(({{ title, artist, album, artwork }}) => [title, artist, album, artwork[0].src])({METADATA})"
DRAWN = """async (src) => {
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  return picture.naturalWidth;
}"""


async def shown(page: Visit, title: str) -> tuple[str, str, str]:
    """Waits for the title; the artist, the album, and the picture, which can be drawn."""
    await page.until(f"{METADATA}?.title === {title!r}", f"{title} stands there")
    found: Any = await page.page.evaluate(SHOWN)
    assert int(await page.page.evaluate(DRAWN, found[3])) > 0
    return str(found[1]), str(found[2]), str(found[3])


async def press(page: Visit, action: str, **more: float) -> None:
    """A button of the lock screen."""
    await page.page.evaluate("([action, more]) => { window.pressed[action]({ action, ...more }); }", [action, more])


async def test_a_recording_shows_the_chapter_with_its_face(browsers: Browsers) -> None:
    """Who speaks, with a face of their own, in which space; its buttons skip, seek, stop and go on."""
    async with edge(recorded_space(title="Tea & talk")) as rig:
        await record(rig.objects, 288, {range(24, 99): "ada", range(99, 180): "bob", range(180, 288): "ada"})
        address = f"http://127.0.0.1:{rig.port}/s/friday#t=10"
        async with visit(browsers.plain, address, init_script=BUTTONS) as page:
            await page.until("document.querySelectorAll('#chapters li').length === 4", "all turns are there")
            assert await page.page.evaluate(METADATA) is None, "nothing plays"
            audio = "document.querySelector('#recording audio')"
            await press(page, "play")
            artist, _, ada = await shown(page, "Ada")
            assert artist == "Tea & talk"
            await press(page, "nexttrack")
            _, _, bob = await shown(page, "Bob")
            assert ada != bob, "each has a face of their own"
            await press(page, "previoustrack")
            await shown(page, "Ada")
            await press(page, "seekto", seekTime=40)
            await shown(page, "Bob")
            await press(page, "seekforward")
            await page.until(f"{audio}.currentTime > 65", "it goes forward")
            await press(page, "seekbackward")
            await page.until(f"{audio}.currentTime < 65", "and back")
            await press(page, "pause")
            await page.until(f"{audio}.paused", "it stops")
            page.calm()


async def test_a_live_talk_shows_who_speaks(browsers: Browsers) -> None:
    """The talk as title, who speaks now below it; its buttons stop and start the sound."""
    async with edge(live_space(**GUESTS_TALK)) as rig:
        play(rig, 60)
        async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday", init_script=BUTTONS) as page:
            await page.page.click("#play")
            await page.until(f"{METADATA}?.artist.includes('Ada')", "who speaks stands there")
            artist, _, _ = await shown(page, TITLE)
            assert "Samir" not in artist, "he is muted"
            sounds = "document.querySelector('#audio')"
            await page.until(f"!{sounds}.paused", "it plays")
            await press(page, "pause")
            await page.until(f"{sounds}.paused", "it stops")
            await press(page, "play")
            await page.until(f"!{sounds}.paused", "it goes on")
