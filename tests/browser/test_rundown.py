"""A talk by its rundown: days too early asks once, items begin, keys, the planned end, and what it was afterwards."""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import Route

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.support.browser import Visit, visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
SPOKEN_S = 6.0
"""What is shorter than 4.8 s is nobody's turn."""
MUTED = "document.querySelector('#mute').ariaPressed === 'true'"


async def test_a_talk_goes_by_its_rundown(house: Whole, browsers: Browsers) -> None:
    """From the doors, days before the announced time, to the summary and the replay, whose chapters have its heads."""
    planned = round(time.time() * 1000) + 3 * 86_400_000
    made = await house.call(
        "POST", "/spaces", {"id": "rundown", "title": "Rundown", "scheduled_ms": planned, "language": "en"}
    )
    stage = f"http://127.0.0.1:{house.settings.port}/stage/rundown#token={made['invitation']['token']}"
    async with visit(browsers.reader, stage) as host:
        await host.page.get_by_role("button", name="Open the doors").click()
        await host.says("#ready[open] #ready-found", "announced for another day")
        assert await house.state("rundown") == "scheduled"
        await host.page.get_by_role("button", name="Open the doors anyway").click()
        await host.says("#state", "Doors open")
        await host.page.click("#join")
        await host.says("#status", "You are on the stage")
        await _write(host, "Welcome 5\nThe polls, 15\n<b>Questions</b>")
        await host.page.get_by_role("button", name="Go live").click()
        await host.says("#time-left", "20 min left")
        await asyncio.sleep(SPOKEN_S)
        for title in ("Welcome", "The polls"):
            await host.page.get_by_role("button", name=f"Begin: {title}").click()
            await host.says("#rundown-items [aria-current]", title)
        await host.says("#rundown-items", "<b>Questions</b>")
        await _keys(host, house)
        await _aside(host)
        await open_to_all(host, "stage with a rundown")
        await host.page.get_by_role("button", name="End", exact=True).click()
        await host.sure()
        await host.says("#summary-figures", "minutes live")
        await host.says("#summary-people", "Host")
        await host.says("#summary-gaps", "complete")
        await open_to_all(host, "summary")
        assert await host.page.get_attribute("#summary-replay", "href") == house.audience("rundown")
        host.calm()
    async with visit(browsers.plain, house.audience("rundown")) as listener:
        await listener.says("#chapters .item", "Welcome")
        heads = await listener.page.locator("#chapters .item b").all_inner_texts()
        assert heads == ["Welcome", "The polls"], "what did not begin is no chapter"
        times = await listener.page.locator("#chapters li button > span:first-child").all_inner_texts()
        assert times == sorted(times), "who speaks and what it is about stand in the order of time"


async def _write(host: Visit, lines: str) -> None:
    """Sets the rundown under the settings."""
    await host.page.click("#settings-open")
    await host.page.fill("#rundown-lines", lines)
    await host.page.get_by_role("button", name="Save the rundown").click()
    await host.says("#rundown-said", "Saved")
    await host.page.keyboard.press("Escape")
    await host.says("#rundown-items", "Welcome")


async def _aside(host: Visit) -> None:
    """Talkback opens the microphone once the stage keeps it apart, and ends muted."""
    await host.page.get_by_role("button", name="Talkback").click()
    await host.says("#status", "only the stage hears you")
    await host.says("#people", "talking to the stage only")
    await host.until(MUTED, "for the audience one is muted")
    await host.page.get_by_role("button", name="End talkback").click()
    await host.says("#status", "You are on the stage, muted")
    await host.page.click("#mute")


async def _keys(host: Visit, house: Whole) -> None:
    """M mutes, who is muted talks as long as the space bar is down, ? tells of the keys, the switch ends it."""
    await host.page.evaluate("document.activeElement.blur()")
    await host.page.keyboard.press("m")
    await host.until(MUTED, "M mutes")
    await host.page.keyboard.down(" ")
    await host.until(f"!({MUTED})", "one talks while the space bar is down")
    await host.page.keyboard.up(" ")
    await host.until(MUTED, "and is muted again")
    await host.page.keyboard.down(" ")
    await host.until(f"!({MUTED})", "one talks again")
    [seat] = (await house.call("GET", "/spaces/rundown"))["seats"]
    await house.call("PATCH", f"/spaces/rundown/seats/{seat['id']}", {"muted": True})
    await host.says("#status", "host has muted you")
    await host.page.keyboard.up(" ")
    assert await host.page.evaluate(MUTED), "whoever is muted meanwhile stays so"
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await host.page.evaluate("void (AbortSignal.timeout = () => new AbortController().signal)")  # it gives up after 8 s
    await host.page.route("**/spaces/rundown/seats/*", hold)
    await host.page.keyboard.press("m")
    await host.until(f"!({MUTED})", "and unmutes on purpose")
    await house.call("PATCH", "/spaces/rundown", {"title": "Rundown of today"})
    await host.says("h1", "Rundown of today")
    assert not await host.page.evaluate(MUTED), "what the house says before it knows of the press does not undo it"
    held.set()
    await host.page.keyboard.press("m")
    await host.until(MUTED, "M mutes")
    await host.page.keyboard.press("c")
    await host.until("document.querySelector('#tab-comments').ariaSelected === 'true'", "C shows the comments")
    await host.page.keyboard.press("?")
    await host.page.get_by_label("Use keyboard shortcuts").uncheck()
    await host.page.keyboard.press("Escape")
    await host.page.evaluate("document.activeElement.blur()")
    await host.page.keyboard.press("m")
    assert await host.page.evaluate(MUTED), "no single key does anything any more"
    await host.page.click("#mute")
