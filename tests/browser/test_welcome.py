"""Setting a site up in a browser: one question at a time."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_people import follow, invitation, sign_up
from tests.support.browser import visit
from tests.support.ports import free_port
from tests.support.smtp import postbox
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_a_site_is_set_up_step_by_step(house: Whole, browsers: Browsers) -> None:
    """The first administrator is led there, and gets through by the Enter key beside the name; whatever goes wrong on
    the way is said, and the step stays."""
    async with visit(browsers.plain, await invitation(house, "admin")) as page:
        await sign_up(page, "Wiebke", "wiebke")
        await follow(page, "#done .primary", "/admin/welcome")
        await page.says("#step", "Step 1 of 5")
        await page.page.fill("[name=name]", "")
        await page.page.keyboard.press("Enter")
        await page.says("#step", "Step 1 of 5")
        await page.page.route("**/api/v1/site", lambda route: route.abort())
        await page.page.fill("[name=name]", "Nightdesk")
        await page.page.keyboard.press("Enter")
        await page.until("document.querySelector('#problem').textContent", "the network is away, and it says so")
        await page.says("#step", "Step 1 of 5")
        await page.page.unroute("**/api/v1/site")
        try:
            await page.page.keyboard.press("Enter")
            await page.says("#step", "Step 2 of 5")
            await open_to_all(page, "setting up: who may sign up")
            await page.page.locator("[name=sign_up]:checked").focus()
            await page.page.keyboard.press("ArrowDown")
            await page.page.keyboard.press("Enter")
            await page.says("#step", "Step 3 of 5")
            await page.page.keyboard.press("Enter")
            await page.says("#step", "Step 4 of 5")
            await open_to_all(page, "setting up: mail")
            await page.page.locator("[name=mails]:checked").focus()
            await page.page.keyboard.press("ArrowDown")
            await page.page.fill("[name=server]", "localhost")
            await page.page.select_option("[name=security]", "none")
            await page.page.fill("[name=sender]", "site@talk.example")
            with postbox() as box:
                await page.page.fill("[name=port]", str(free_port()))
                await page.page.keyboard.press("Enter")
                await page.says("#problem", "Nothing answers at this server and port.")
                await page.says("#step", "Step 4 of 5")
                await page.page.fill("[name=port]", str(box.port))
                await page.page.keyboard.press("Enter")
                await page.says("#step", "Step 5 of 5")
                assert len(box.mails) == 1
            await page.page.click("[data-back]:visible")
            await page.page.check("[name=mails][value=no]")
            await page.page.locator("[name=mails]:checked").focus()
            await page.page.keyboard.press("Enter")
            await page.says("#found", "Stage, recording and listening are ready.")
            await page.says("#found", "Only this computer can reach http://")
            await open_to_all(page, "setting up: whether people can reach it")
            known = await house.call("GET", "/site")
            assert (known["name"], known["sign_up"], known["create_spaces"]) == ("Nightdesk", "invitation", "admins")
            await follow(page, ".primary:visible", "/mine")
        finally:
            await house.call("PATCH", "/site/mail", {"server": ""})
            await house.call("PATCH", "/site", {"name": "Stentor", "sign_up": house.settings.sign_up})
