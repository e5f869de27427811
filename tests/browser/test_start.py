"""The way to the start, and what hosts pin: the countdown, a "Go live" that stops nobody, notes for everyone."""

from __future__ import annotations

import time

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]


async def test_live_in_three_presses(house: Whole, browsers: Browsers) -> None:
    """Who may make spaces is on the stage of a new one after one press, and live after three."""
    async with visit(browsers.reader, await invitation(house, "moderator")) as host:
        await sign_up(host, "Ida", "ida")
        await host.page.goto(at(house, "/mine"))
        await host.page.click("#go-now")
        await host.says("#title", "Live with Ida")
        await host.page.click("#join")
        await host.says("#status", "You are on the stage")
        await host.says("#people", "talking")
        await host.page.get_by_role("button", name="Go live", exact=True).click()
        await host.says("#countdown", "Live for 0:")
        assert await house.state("live-with-ida") == "live"
        host.calm(but=("503",))  # the stage may not know yet of a space that is a second old: the page asks again


async def test_from_the_countdown_to_live(house: Whole, browsers: Browsers) -> None:
    """Closed doors and an empty stage are each said in one dialog, which follows what becomes of it."""
    planned = round(time.time() * 1000) + 3_600_000
    made = await house.call(
        "POST", "/spaces", {"id": "start", "title": "Start", "scheduled_ms": planned, "language": "en"}
    )
    stage = f"http://127.0.0.1:{house.settings.port}/stage/start#token={made['invitation']['token']}"
    async with visit(browsers.reader, stage, viewport={"width": 360, "height": 740}) as host:
        await host.says("#countdown", "Starts in 59:")
        live = host.page.get_by_role("button", name="Go live", exact=True)
        await live.click()
        await host.says("#ready[open] #ready-found", "doors: the doors are closed")
        await host.page.get_by_role("button", name="Not yet").click()
        assert await house.state("start") == "scheduled"
        await live.click()
        await host.page.get_by_role("button", name="Open the doors first").click()
        await host.says("#unheard", "Nobody has come yet.")
        await host.page.get_by_role("button", name="Close the doors again").click()
        await host.says("#state", "Upcoming")
        assert await house.state("start") == "scheduled"
        await live.click()
        await host.page.get_by_role("button", name="Open the doors first").click()
        await host.says("#state", "Doors open")
        await host.says("#comments-said", "Nobody has written yet.")
        assert await house.state("start") == "doors_open"

        await live.click()
        await host.says("#ready[open] #ready-found", "nobody is on the stage")
        await host.page.keyboard.press("Escape")
        await host.page.click("#join")
        await host.says("#status", "You are on the stage")
        await live.click()
        await host.says("#countdown", "Live for 0:")
        assert not await host.page.locator("#ready").is_visible()
        assert await house.state("start") == "live"
        await host.page.click("#drawer-open")
        await host.page.click("#tab-pins")
        await host.page.get_by_label("Note").fill("<img src=x onerror=alert(1)> Read this")
        await host.page.get_by_label("Link (optional)").fill("https://example.org/paper")
        await host.page.keyboard.press("Enter")
        await host.says("#pinned a", "<img src=x")
        async with visit(browsers.plain, house.audience("start")) as listener:
            link = listener.page.locator("#pins a")
            assert await link.text_content() == "<img src=x onerror=alert(1)> Read this"
            assert await link.get_attribute("href") == "https://example.org/paper"
            await host.page.get_by_role("button", name="Unpin").click()
            await listener.until("document.querySelector('#pins').hidden", "the note is gone by itself")
            listener.calm()
        await host.page.click("#tab-back-channel")
        await host.page.get_by_label("Message", exact=True).fill("<b>Psst</b>")
        await host.page.keyboard.press("Enter")
        await host.says("#back-channel-log .said", "<b>Psst</b>")
        wide = await host.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"the page is {wide} pixels wide"
        host.calm()
