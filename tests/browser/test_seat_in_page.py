"""A listener becomes a speaker and a listener again, in one page, whose stream never plays into a seat."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Dialog, Page

from tests.browser.conftest import Browsers
from tests.browser.test_people import invitation, sign_up
from tests.browser.test_studio import asks
from tests.support.browser import Visit, visit
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]
ON, ELSEWHERE = "You are on the stage", "You joined on another device"
SILENT = "document.querySelector('#audio').paused && !document.querySelector('#audio').getAttribute('src')"
ONE_SOUND = """
window.mixed = 0;
const { addTransceiver } = RTCPeerConnection.prototype;
RTCPeerConnection.prototype.addTransceiver = function (...all) {
  const audio = document.querySelector('#audio');
  if (!audio.paused || audio.getAttribute('src')) window.mixed += 1;
  return addTransceiver.apply(this, all);
};
"""
"""Counts how often a microphone was put on a line while the stream played."""


async def seated(house: Whole, space: str, guest: Visit, name: str = "Dora") -> None:
    """From the line onto the stage, by somebody who listens."""
    await guest.page.click("#play")
    await guest.says("#sound", "You are listening")
    await asks(guest, name)
    [waits] = (await house.call("GET", f"/spaces/{space}/requests"))["requests"]
    await house.call("POST", f"/spaces/{space}/requests/{waits['id']}/accept")
    await guest.says("#standing", "want to hear you")
    assert not await guest.page.evaluate(SILENT), "who waits hears on"
    await joins(guest)


async def joins(guest: Visit) -> None:
    await guest.page.click("#join")
    await guest.says("#status", ON)


def loads(page: Page) -> list[str]:
    """The streams that a page asks for from now on."""
    found: list[str] = []
    page.on(
        "request",
        lambda request: found.append(request.url) if "/hls/" in request.url or "/live." in request.url else None,
    )
    return found


async def test_the_stream_stops_with_the_seat_and_comes_back(house: Whole, browsers: Browsers) -> None:
    """No sound of it while one is on the stage, nor is any asked for; a page loaded again is on the stage at once."""
    await house.space("in-page")
    await house.call("POST", "/spaces/in-page/live")
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    async with visit(browsers.cards, house.audience("in-page"), init_script=ONE_SOUND) as guest:
        guest.page.on("dialog", leave)
        await seated(house, "in-page", guest)
        assert await guest.page.evaluate(SILENT)
        loaded = loads(guest.page)
        await guest.page.click("#mute")
        await guest.says("#status", "muted")
        await guest.page.reload()
        await guest.says("#status", "You are on the stage, muted.")
        assert asked == ["beforeunload"]
        assert await guest.page.evaluate(SILENT)
        assert await guest.page.locator("#play").is_hidden()
        assert loaded == []
        await guest.page.click("#leave")
        await guest.says("#sound", "You are listening")
        await guest.flows()
        await joins(guest)
        assert await guest.page.evaluate(SILENT)
        assert await guest.page.evaluate("window.mixed") == 0
        await house.call("POST", "/spaces/in-page/end")
        await guest.says("#status", "Thanks for speaking")
        guest.calm()


async def test_a_device_that_lost_the_seat_stays_silent(house: Whole, browsers: Browsers) -> None:
    """The newest has it; the talk does not play beside the microphone of the other, until somebody presses a button."""
    await house.space("two-pages")
    async with visit(browsers.cards, house.audience("two-pages")) as laptop:
        await seated(house, "two-pages", laptop)
        kept = await laptop.page.evaluate("localStorage.getItem('stentor-request-two-pages')")
        script = f"localStorage.setItem('stentor-request-two-pages', {kept!r})"
        async with visit(browsers.cards, house.audience("two-pages") + "#ask", init_script=script) as phone:
            await phone.says("#join", "Use it here")
            await joins(phone)
            await laptop.says("#status", ELSEWHERE)
            await laptop.says("#join", "Use it here")
            await asyncio.sleep(2)
            assert await laptop.page.evaluate(SILENT)
            await joins(laptop)
            await phone.says("#status", ELSEWHERE)


async def test_signing_in_leads_back_to_the_question(house: Whole, browsers: Browsers) -> None:
    """To the same page, with the name of the account in the field."""
    await house.space("signed")
    async with visit(browsers.cards, await invitation(house, "member")) as guest:
        code, *_ = await sign_up(guest, "Dora Maar", "dora")
        await guest.page.context.clear_cookies()
        await guest.page.goto(house.audience("signed"))
        await guest.page.click("#ask a")
        await guest.page.get_by_role("link", name="Sign in").click()
        await guest.page.get_by_text("recovery code").first.click()
        await guest.page.fill("#by-code [name=handle]", "dora")
        await guest.page.fill("#by-code [name=recovery_code]", code)
        await guest.page.keyboard.press("Enter")
        await guest.page.wait_for_url("**/s/signed#ask")
        await guest.until("document.querySelector('#ask-form [name=name]')?.value === 'Dora Maar'", "the name is there")


async def test_a_house_that_is_gone_leaves_the_listener_alone(house: Whole, browsers: Browsers) -> None:
    """It says so, in the page, which plays on."""
    await house.space("alone")
    async with visit(browsers.plain, house.audience("alone"), without="**/ask/**") as page:
        await page.page.click("#play")
        await page.says("#sound", "You are listening")
        await page.page.click("#ask a")
        await page.says("#ask-said", "Can't reach the stage right now")
        await page.flows()
        await page.page.unroute("**/ask/**")
        await page.page.click("#ask a")
        await page.until(
            "document.querySelector('#ask-form') && !document.querySelector('#ask-form').hidden", "it is there"
        )
