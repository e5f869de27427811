"""A host changes what a space is called and is about while it is live; who listens sees it without loading anew."""

from __future__ import annotations

import pytest

from stentor.base import config
from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.whole import Whole

SENTENCE = 20
"""Letters; which sentence it is depends on what else the machine does."""
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_a_space_is_edited_while_it_is_live(house: Whole, browsers: Browsers) -> None:
    """Title, description and list; the time is past changing, and a guest has no form."""
    tokens = await house.space("edited", "guest")
    await house.call("POST", "/spaces/edited/live")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/edited#token="
    async with (
        visit(browsers.reader, stage + tokens["host"]) as host,
        visit(browsers.reader, stage + tokens["guest"]) as guest,
        visit(browsers.plain, house.audience("edited")) as listener,
    ):
        await host.page.click("#settings-open")
        await host.page.locator("#edit").wait_for()
        assert await host.page.locator("#edit-when-row").is_hidden()
        await guest.page.locator("#stage-parts").wait_for()
        await guest.page.click("#settings-open")
        assert await guest.page.locator("#edit").is_hidden()
        await listener.page.locator("#reactions button").first.click()
        for stage_page in (host, guest):
            await stage_page.says("#audience-count", "listening")
            await stage_page.says("#audience-reactions", "1")
        await host.page.keyboard.press("Escape")
        await host.page.click("#tab-people")
        await host.page.click("#numbers summary")
        await host.says("#numbers-list", "hearing now")
        await host.until(f"document.querySelector('#verdict').textContent.length > {SENTENCE}", "what fills it is said")
        async with visit(browsers.plain, f"http://127.0.0.1:{house.settings.port}/admin") as admin:
            await admin.page.fill("#admin-form input", config.admin_token(house.settings))
            await admin.page.click("#admin-form button")
            await admin.until(
                f"document.querySelector('[data-id=edited] ul + p')?.textContent.length > {SENTENCE}", "there, too"
            )
        assert await guest.page.locator("#comments-moderation").is_hidden()
        await guest.says("#comments-said", "Nobody has written")
        await host.page.click("#settings-open")
        await host.page.fill("#setup-topics", "#tea")
        await host.page.click("#setup-form button")
        await host.says("#setup-said", "Saved")
        await host.page.uncheck("#announcing-on")
        await host.page.click("#announcing-form button")
        await host.says("#announcing-said", "Saved")
        assert not (await house.call("GET", "/spaces/edited/announcing"))["on"]
        await host.page.fill("#edit-name", "Tea & cake")
        await host.page.fill("#edit-about", "What is in it?\nSee https://example.org/tea.")
        await host.page.select_option("#edit-language", "de")
        await host.page.select_option("#edit-visibility", "unlisted")
        await host.page.click("#edit-form button")
        await host.says("#edit-said", "Saved")
        view = await house.call("GET", "/spaces/edited")
        assert (view["title"], view["language"], view["listed"]) == ("Tea & cake", "de", False)
        assert view["about"]["topics"] == ["tea"]
        await listener.says("#title", "Tea & cake")
        await listener.says("#about", "What is in it?")
        assert await listener.page.get_attribute("#about a", "href") == "https://example.org/tea"
        await host.page.click("#edit-form button")
        await host.says("#edit-said", "Nothing has changed")
        host.calm()
        listener.calm()


async def test_a_menu_stays_open_while_somebody_comes(house: Whole, browsers: Browsers) -> None:
    """Whoever is about to mute somebody does not lose the button, nor the place of the keyboard."""
    tokens = await house.space("menus", "guest")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/menus#token={tokens['host']}"
    async with visit(browsers.plain, stage) as host:
        await host.until("document.querySelectorAll('#people li').length === 2", "the seats are shown")
        await host.page.click("#people li:nth-child(2) summary")
        await host.page.focus("#people li:nth-child(2) details button")
        await house.call("POST", "/spaces/menus/invitations", {"name": "late"})
        await host.until("document.querySelectorAll('#people li').length === 3", "who comes is shown")
        assert await host.page.locator("#people li:nth-child(2) details").get_attribute("open") is not None
        assert await host.page.evaluate("document.activeElement.closest('details')?.open")
        host.calm()
