"""Comments from one browser to all others: written on the house's page, read on the listener's, removed by the host."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_hostile import HOSTILE, Trap
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import Visit, visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
WRITE = "#comments-write a"


async def test_a_comment_comes_and_goes(house: Whole, browsers: Browsers) -> None:
    """Nothing is loaded before the panel opens; a hostile comment is text everywhere; the host removes it, then its
    writer; closed by the host, the reader is told; and everybody can use all of it."""
    tokens = await house.space("chatty")
    await house.call("PATCH", "/spaces/chatty", {"comment_slow_s": 0})
    async with (
        visit(browsers.plain, house.audience("chatty")) as reader,
        visit(browsers.plain, at(house, f"/stage/chatty#token={tokens['host']}")) as host,
        visit(browsers.plain, await invitation(house, "member")) as writer,
    ):
        await reader.page.locator("#comments summary").wait_for(state="visible")
        assert not [seen for seen in reader.watch.responses if "comments" in seen.url]
        await reader.page.click("#comments summary")
        await reader.says("#comments-said", "Nobody has written")
        await writes(writer, house, await reader.page.get_attribute(WRITE, "href"))
        trap = Trap(reader)
        await trap.shows("#comments-read")
        await reader.says("#comments-read", "@wanda")
        await open_to_all(reader, "live with comments")
        await host.page.set_viewport_size({"width": 1280, "height": 900})
        await host.says("#comments-log", HOSTILE)
        await host.page.click("#tab-comments")
        await host.page.click("#comments-rules >> xpath=../summary")
        await open_to_all(host, "stage with comments")
        await open_to_all(writer, "writing comments")

        await host.page.locator("#comments-log > div", has_text="Second").get_by_role("button", name="Remove").click()
        await gone(reader, "#comments-read", "Second")
        await gone(writer, "#comments-log", "Second")
        await host.page.locator("#comments-log > div").get_by_role("button", name="Block").click()
        await host.sure()
        await host.says("#silenced", "@wanda")
        await reader.says("#comments-said", "Nobody has written")
        await writer.page.fill("#comment-text", "Third")
        await writer.page.keyboard.press("Enter")
        await writer.says("#warning", "blocked you")
        await host.page.select_option("#comments-switch", "off")
        await host.page.click("#comments-rules button")
        await reader.until("document.querySelector('#comments').hidden", "the panel is gone")
        for page in (reader, host):
            page.calm()
    await house.call("POST", "/spaces/chatty/end")


async def writes(writer: Visit, house: Whole, address: str | None) -> None:
    """Signs up, comes by the link of the listener's page, and writes two comments."""
    await sign_up(writer, "Wanda", "wanda")
    assert address == at(house, "/comments/chatty")
    await writer.page.goto(address)
    for text in (HOSTILE, "Second"):
        await writer.page.get_by_label("Your comment").fill(text)
        await writer.page.keyboard.press("Enter")
        await writer.says("#comments-log", text)
    await Trap(writer).shows("#comments-log")


async def gone(page: Visit, selector: str, text: str) -> None:
    """Waits until what a selector finds shows this text no more."""
    await page.until(f"!document.querySelector({selector!r}).textContent.includes({text!r})", f"{text} is gone")


async def test_a_guest_writes_and_the_host_approves(house: Whole, browsers: Browsers) -> None:
    """In the panel under the player, with a name; held until the host approves it, then everybody reads it; the name is
    there again after a reload, one of the stage is refused, and everybody can use all of it."""
    tokens = await house.space("visited")
    await house.call("PATCH", "/spaces/visited", {"comment_slow_s": 0})
    page = house.audience("visited")
    async with (
        visit(browsers.plain, page) as guest,
        visit(browsers.plain, page) as reader,
        visit(browsers.plain, at(house, f"/stage/visited#token={tokens['host']}")) as host,
    ):
        for each in (guest, reader):
            await each.page.click("#comments summary")
        await guest.page.locator("#guest").wait_for(state="visible")
        await send(guest, "Host", HOSTILE)
        await guest.says("#guest-said", "on the stage")
        await send(guest, "Gina", HOSTILE)
        await guest.says("#guest-said", "The hosts have it now")
        await host.says("#held-log", HOSTILE)
        await host.says("#held-said", "Waiting for your answer: 1")
        assert HOSTILE not in await reader.page.inner_text("#comments-read")
        await host.page.set_viewport_size({"width": 1280, "height": 900})
        await host.page.click("#tab-comments")
        await open_to_all(host, "stage with what waits")
        await host.page.locator("#held-log").get_by_role("button", name="Approve: Gina", exact=False).first.click()
        for each in (guest, reader):
            await Trap(each).shows("#comments-read")
            await each.says("#comments-read", "guest")
        await open_to_all(reader, "a guest's field")
        await guest.page.reload()
        await guest.page.click("#comments summary")
        await guest.page.locator("#guest").wait_for(state="visible")
        assert await guest.page.input_value("#guest [name=name]") == "Gina"
        await send(guest, "Gina", "Second")
        await host.says("#held-log", "Second")
        await host.page.locator("#held-log").get_by_role("button", name="Approve all").click()
        await reader.says("#comments-read", "Second")
        await host.says("#guests", "trusted")
        await host.page.locator("#comments-log > div", has_text="Second").get_by_role("button", name="Block").click()
        await host.sure()
        await gone(reader, "#comments-read", "Second")
        await send(guest, "Gina", "Third")
        await guest.says("#guest-said", "blocked you")
        for each in (reader, host):
            each.calm()
    await house.call("POST", "/spaces/visited/end")


async def send(guest: Visit, name: str, text: str) -> None:
    """Fills in the guests' field and sends it."""
    await guest.page.fill("#guest [name=name]", name)
    await guest.page.fill("#guest [name=text]", text)
    await guest.page.keyboard.press("Enter")
