"""One seat on several devices: the newest has it, the others say so and stay away until their button is pressed."""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import BrowserContext, Dialog, Route

from stentor.audio.pcm import Samples
from stentor.client.listener import probe
from tests.browser.conftest import Browsers
from tests.browser.test_voices import AS_RECORDED, THERE
from tests.support.browser import Visit, visit
from tests.support.sound import assert_heard, gaps
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
COUNT_POSTS = """
window.posts = 0;
const { fetch } = window;
window.fetch = (address, how) => {
  if (how?.method === "POST" && String(address).includes("/whip/")) window.posts += 1;
  return fetch(address, how);
};
"""
QUIET_S = 5.0
"""Longer than any pause between two tries of a page."""
ON, ELSEWHERE = "You are on the stage", "You joined on another device"


def address(house: Whole, space: str, token: str) -> str:
    return f"http://127.0.0.1:{house.settings.port}/stage/{space}#token={token}"


async def join(device: Visit) -> None:
    await device.page.click("#join")
    await device.says("#status", ON)


async def posts(device: Visit) -> int:
    return int(await device.page.evaluate("window.posts"))


async def test_the_newest_device_has_the_seat_and_the_other_waits_for_its_person(
    house: Whole, browsers: Browsers
) -> None:
    """Neither asks again by itself; a press takes the seat back; closing the one that lost it takes nothing away."""
    tokens = await house.space("devices")
    stage = address(house, "devices", tokens["host"])
    async with visit(browsers.cards, stage, init_script=COUNT_POSTS) as phone:
        async with visit(browsers.reader, stage, init_script=COUNT_POSTS) as laptop:
            await join(laptop)
            await phone.says("#join", "Use it here")
            await phone.says("#status", ELSEWHERE)
            await join(phone)
            await laptop.says("#status", ELSEWHERE)
            await laptop.says("#join", "Use it here")
            before = await posts(laptop), await posts(phone)
            await asyncio.sleep(QUIET_S)
            assert (await posts(laptop), await posts(phone)) == before, "nobody asked again"
            assert before[1] == 1
            await phone.says("#status", ON)

            await join(laptop)
            await phone.says("#status", ELSEWHERE)
            await join(phone)
            await laptop.says("#status", ELSEWHERE)
        view = await house.call("GET", "/spaces/devices")
        assert [seat["state"] for seat in view["seats"]] == ["connected"], (
            "the other was closed, and took nothing along"
        )
        await phone.says("#status", ON)


async def test_a_page_whose_answer_was_lost_is_not_another_device(house: Whole, browsers: Browsers) -> None:
    """The stage took its first connection, the page never heard of it: it comes again and has the seat."""
    tokens = await house.space("lost-answer")
    lost: list[str] = []

    async def lose(route: Route) -> None:
        if lost:
            await route.continue_()
        else:
            lost.append((await route.fetch()).headers["location"])
            await route.abort()

    async with visit(browsers.reader, address(house, "lost-answer", tokens["host"])) as page:
        await page.page.route("**/whip/lost-answer", lose)
        await join(page)
        assert lost
        await house.until("lost-answer", lambda view: view["seats"][0]["state"] == "connected", "the seat is connected")


async def test_a_page_that_is_loaded_again_is_back_without_a_press(house: Whole, browsers: Browsers) -> None:
    """Muted as it was; the browser asks before it leaves a stage that is live, and a duplicate takes no seat."""
    tokens = await house.space("again")
    await house.call("POST", "/spaces/again/live")
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    async with visit(browsers.reader, address(house, "again", tokens["host"])) as page:
        page.page.on("dialog", leave)
        await join(page)
        await page.page.click("#mute")
        await page.page.reload()
        await page.says("#status", "You are on the stage, muted.")
        assert asked == ["beforeunload"]
        duplicate = await duplicated(page.page.context, page)
        await duplicate.says("#join", "Use it here")
        await asyncio.sleep(QUIET_S)
        assert await posts(duplicate) == 0
        await page.says("#status", ON)


async def duplicated(context: BrowserContext, page: Visit) -> Visit:
    """A second tab with a copy of what the first one keeps for itself, as browsers make it."""
    kept = await page.page.evaluate("JSON.stringify(sessionStorage)")
    tab = await context.new_page()
    await tab.add_init_script(
        COUNT_POSTS + f"for (const [k, v] of Object.entries({kept})) sessionStorage.setItem(k, v);"
    )
    await tab.goto(page.page.url)
    return Visit(tab, page.watch)


@pytest.mark.realtime
async def test_from_laptop_to_telephone_on_air_without_a_gap(
    house: Whole, browsers: Browsers, voices: dict[str, Samples]
) -> None:
    """One tap; the audience hears the one voice until the other one is there."""
    tokens = await house.space("moving")
    stage = address(house, "moving", tokens["host"])
    async with (
        visit(browsers.reader, stage, init_script=AS_RECORDED) as laptop,
        visit(browsers.cards, stage, init_script=AS_RECORDED) as phone,
    ):
        await join(laptop)
        await house.call("POST", "/spaces/moving/live")
        await phone.says("#join", "Use it here")
        listening = asyncio.create_task(probe(house.audience("moving", "/live.aac"), seconds=16))
        await asyncio.sleep(8)
        began = time.monotonic()
        await join(phone)
        took_s = time.monotonic() - began
        _, heard = await listening
        await laptop.says("#status", ELSEWHERE)
    for name in ("reader", "cards"):
        assert_heard(voices[name], heard.samples(), least=THERE)
    gap_s = max((each.length_s for each in gaps(heard.samples(), least_s=0.1)), default=0.0)
    print(f"\non the stage {took_s:.2f} s after the tap; the longest gap in the talk is {gap_s:.2f} s", end="")
    assert gap_s < 1.0
