"""From a report to the answer of whom it is about, with the keys alone; and all of its pages for everybody."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_hostile import HOSTILE, Trap
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def write(page: Page, field: str, text: str) -> None:
    """Into a field that the keys have reached."""
    await page.locator(field).focus()
    await page.keyboard.type(text)


async def press(page: Page, name: str, key: str = "Enter") -> None:
    """A button or link, with a key."""
    await page.locator(f"main :is(a, button):has-text('{name}')").first.focus()
    await page.keyboard.press(key)


async def test_a_report_is_decided_read_and_answered(house: Whole, browsers: Browsers) -> None:
    """Somebody without an account reports a comment; a moderator mutes its writer with a reason; they read it, but not
    who reported, and answer; the moderator reads that. Nothing that was written becomes markup."""
    await house.space("reported")
    await house.call("PATCH", "/spaces/reported", {"comment_slow_s": 0})
    async with (
        visit(browsers.plain, await invitation(house, "member")) as writer,
        visit(browsers.plain, await invitation(house, "moderator")) as moderator,
        visit(browsers.plain, at(house, "/icon.svg")) as reporter,
    ):
        traps = [Trap(each) for each in (writer, moderator, reporter)]
        await sign_up(writer, "Wilma", "wilma")
        await sign_up(moderator, "Mona", "mona")
        await writer.page.goto(at(house, "/comments/reported"))
        await write(writer.page, "#comment-text", HOSTILE)
        await writer.page.keyboard.press("Enter")
        await writer.says("#comments-log", HOSTILE)

        await reporter.page.goto(at(house, "/comments/reported"))
        await reporter.says("#comments-log", HOSTILE)
        await press(reporter.page, "Report")
        await reporter.says("blockquote", HOSTILE)
        await open_to_all(reporter, "reporting without an account")
        await reporter.page.select_option("#why", "insult")
        await write(reporter.page, "#text", "He means me, Rosa.")
        await reporter.page.locator("[name=good_faith]").focus()
        await reporter.page.keyboard.press("Space")
        await press(reporter.page, "Send report")
        await reporter.says("h1", "Report no.")
        receipt = reporter.page.url

        await moderator.page.goto(at(house, "/admin/moderation/elsewhere"))
        await open_to_all(moderator, "people on other servers")
        await write(moderator.page, "[name=name]", "@nobody@other.example")
        await moderator.page.locator("[name=severity][value=block]").check()
        await press(moderator.page, "Save")
        await moderator.says("#problem", "There is nobody with this handle here.")
        await moderator.page.goto(at(house, "/admin/moderation"))
        await open_to_all(moderator, "what was reported")
        await press(moderator.page, "Wilma")
        await moderator.says("#thing", HOSTILE)
        await open_to_all(moderator, "a case")
        await moderator.page.locator("[name=action][value=none]").focus()
        for _ in range(3):
            await moderator.page.keyboard.press("ArrowDown")
        await press(moderator.page, "Decide")
        await moderator.says("#problem", "Write a reason")
        await write(moderator.page, "#reason", f"It insults somebody. {HOSTILE}")
        await press(moderator.page, "Decide")
        await moderator.says("h1", "Moderation")

        await writer.page.goto(at(house, "/account/decisions"))
        await writer.says("main", "Muted")
        await writer.says("main", HOSTILE)
        assert "Rosa" not in await writer.page.inner_text("body")
        await open_to_all(writer, "decisions about oneself")
        await press(writer.page, "Answer")
        await write(writer.page, "#text", "It was a quotation.")
        await open_to_all(writer, "answering a decision")
        await press(writer.page, "Send answer")
        await writer.says("main", "Your answer has arrived")

        await reporter.page.goto(receipt)
        await reporter.says("main", "we took action")
        await moderator.page.goto(at(house, "/admin/moderation"))
        await press(moderator.page, "Muted")
        await moderator.says("main", "It was a quotation.")
        for trap in traps:
            await trap.clean()


async def test_a_moderator_without_a_seat_keeps_order_on_the_stage(house: Whole, browsers: Browsers) -> None:
    """They see who is there and have no microphone; a menu at each seat sends speakers off, and leads to the form for
    reports, also for somebody who waits in the line."""
    await house.space("in-order", "Ben")
    await house.call("POST", "/spaces/in-order/requests", {"name": "Dora"})
    async with visit(browsers.plain, await invitation(house, "moderator")) as moderator:
        await sign_up(moderator, "Moritz", "moritz")
        await moderator.page.goto(at(house, "/stage/in-order"))
        await moderator.says("#you", "You have no seat here")
        await moderator.says("#people", "Ben")
        for absent in ("#join", "#mic", "#end", "#host-buttons button"):
            assert not await moderator.page.locator(absent).first.is_visible(), absent
        await moderator.page.locator("#people li:has-text('Ben') summary").click()
        menu = moderator.page.locator("#people li:has-text('Ben') .menu")
        async with moderator.page.context.expect_page() as opened:
            await menu.get_by_role("link", name="Report").click()
        form = await opened.value
        await form.wait_for_selector("blockquote:has-text('Ben')")
        await form.close()
        await menu.get_by_role("button", name="Move to the audience").click()
        await moderator.page.get_by_role("alertdialog").get_by_role("button", name="Move to the audience").click()
        await moderator.until("!document.querySelector('#people').textContent.includes('Ben')", "he is off")
        moderator.watch.complaints.clear()
