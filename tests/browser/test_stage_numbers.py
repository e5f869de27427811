"""Numbers that hosts set and see on the stage: how loud somebody is, how loud a sound, how many ask to speak."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Locator

from stentor.audio.pcm import Samples
from tests.browser.conftest import Browsers
from tests.browser.test_people import at
from tests.support.browser import RATE_HZ, Visit, visit, write_wav
from tests.support.wait import patiently
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
PHONE = {"width": 390, "height": 844}


async def becomes(house: Whole, space: str, seat: str, volume: int) -> None:
    """Waits until the house has a seat's volume in percent."""
    await house.until(
        space, lambda view: [each["volume"] for each in view["seats"] if each["name"] == seat] == [volume],
        f"{seat} has {volume} %",
    )  # fmt: skip


async def slide(page: Visit, slider: Locator, key: str, times: int) -> None:
    """With the keys, as who uses no mouse does."""
    await slider.focus()
    for _ in range(times):
        await page.page.keyboard.press(key)


async def test_a_host_turns_somebody_up_and_down(house: Whole, browsers: Browsers) -> None:
    """By the slider in their menu: the house has it, the row says it, and it stands there again after a reload."""
    tokens = await house.space("louder", "Ben")
    async with visit(browsers.plain, at(house, f"/stage/louder#token={tokens['host']}")) as page:
        row = page.page.locator("#people li:has-text('Ben')")
        await row.locator("summary").click()
        slider = row.get_by_role("slider")
        assert await slider.input_value() == "100"
        await slide(page, slider, "ArrowRight", 3)
        await becomes(house, "louder", "Ben", 130)
        await slide(page, slider, "ArrowLeft", 5)
        await becomes(house, "louder", "Ben", 80)
        await page.page.reload()
        await row.locator("summary").click()
        async for _ in patiently():
            if await slider.input_value() == "80":
                break
        await slide(page, slider, "Home", 1)
        await becomes(house, "louder", "Ben", 0)
        await slide(page, slider, "End", 1)
        await becomes(house, "louder", "Ben", 200)
        page.calm()


async def test_a_host_turns_a_sound_down_while_it_plays(
    house: Whole, browsers: Browsers, voices: dict[str, Samples], tmp_path: Path
) -> None:
    """The slider of the soundboard counts for the sound that begins, and for the one that plays."""
    file = write_wav(tmp_path / "A word.wav", np.tile(voices["cards"], 6)[: 55 * RATE_HZ])
    tokens = await house.space("softer")
    async with visit(browsers.plain, at(house, f"/stage/softer#token={tokens['host']}")) as page:
        await page.page.get_by_role("button", name="Sounds").click()
        await page.page.set_input_files("#sound-file", file)
        await page.page.click("#sound-add")
        await slide(page, page.page.locator("#volume"), "ArrowLeft", 4)
        await page.page.get_by_role("button", name="Play: A word").click()
        await plays(house, 80)
        await slide(page, page.page.locator("#volume"), "ArrowLeft", 8)
        await plays(house, 40)
        page.calm()


async def plays(house: Whole, volume: int) -> None:
    await house.until(
        "softer", lambda view: bool(view["playing"] and view["playing"]["volume"] == volume), f"it plays at {volume} %"
    )


async def test_requests_are_counted_where_one_looks(house: Whole, browsers: Browsers) -> None:
    """On the tab, and on a telephone on the button that opens the drawer; none is shown when nobody waits."""
    tokens = await house.space("counted")
    async with visit(browsers.plain, at(house, f"/stage/counted#token={tokens['host']}"), viewport=PHONE) as page:
        marks = page.page.locator("[data-count=line]")
        await page.says("#people", "host")
        assert [await each.is_hidden() for each in await marks.all()] == [True, True]
        for number, name in enumerate(("Dora", "Emil"), start=1):
            await house.call("POST", "/spaces/counted/requests", {"name": name})
            await page.says("#drawer-open .count", f"{number}")
        assert await page.page.locator("#drawer-open .count").is_visible()
        await page.page.click("#drawer-open")
        assert await page.page.locator("#tab-line .count").inner_text() == "2"
        for _ in range(2):
            [first, *_rest] = (await house.call("GET", "/spaces/counted/requests"))["requests"]
            await house.call("DELETE", f"/spaces/counted/requests/{first['id']}")
        await page.until("document.querySelector('#drawer-open .count').hidden", "nobody waits")
        assert [await each.is_hidden() for each in await marks.all()] == [True, True]
