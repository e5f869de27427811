"""Setting a site up in a browser: one question at a time."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_people import follow, invitation, sign_up, with_passkeys
from tests.support.browser import Visit, visit
from tests.support.ports import free_port
from tests.support.smtp import postbox
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
MOST_PRESSES, MOST_TABS = 25, 40


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


class Keys:
    """Somebody with a keyboard alone; ``count`` are the presses, but for what is typed as a name."""

    def __init__(self, page: Visit) -> None:
        self.page, self.count = page, 0

    async def press(self, key: str) -> None:
        self.count += 1
        await self.page.page.keyboard.press(key)

    async def to(self, selector: str) -> None:
        """The Tab key until something has the focus."""
        for _ in range(MOST_TABS):
            if await self.page.page.evaluate("found => Boolean(document.activeElement?.matches(found))", selector):
                return
            await self.press("Tab")
        raise AssertionError(f"the Tab key does not reach {selector}")

    async def type(self, selector: str, name: str) -> None:
        await self.to(selector)
        await self.page.page.keyboard.type(name)


async def test_it_takes_few_presses(house: Whole, browsers: Browsers) -> None:
    """From the link of the first start to the list of talks, by keyboard alone: an account with a passkey, and all five
    questions, each answered otherwise than it is offered."""
    with postbox() as box:
        async with visit(browsers.plain, await invitation(house, "admin")) as page:
            await with_passkeys(page)
            keys = Keys(page)
            try:
                await keys.type("[name=name]", "Wilhelmine")
                await keys.press("Enter")
                await page.until("!document.querySelector('#done').hidden", "the account is there")
                await keys.to("#done .primary")
                await keys.press("Enter")
                await page.says("#step", "Step 1 of 5")
                await keys.type("[name=name]", "Nightdesk")
                await keys.press("Enter")
                for step, name in ((2, "sign_up"), (3, "create_spaces"), (4, "mails")):
                    await page.says("#step", f"Step {step} of 5")
                    await keys.to(f"[name={name}]")
                    await keys.press("ArrowDown")
                    if name != "mails":
                        await keys.press("Enter")
                await keys.type("[name=server]", "localhost")
                await keys.to("[name=security]")
                await keys.press("End")
                await keys.type("[name=sender]", "site@talk.example")
                await page.page.fill("[name=port]", f"{box.port}")  # which no provider would need
                await keys.press("Enter")
                await page.says("#step", "Step 5 of 5")
                await page.says("#found", "Stage, recording and listening are ready.")
                await keys.to("a.primary")
                await keys.press("Enter")
                await page.page.wait_for_url("**/mine")
                known = await house.call("GET", "/site")
                assert (known["name"], known["sign_up"], known["create_spaces"]) == (
                    "Nightdesk",
                    "invitation",
                    "members",
                )
                assert len(box.mails) == 1
                assert keys.count <= MOST_PRESSES, f"{keys.count} presses"
            finally:
                await house.call("PATCH", "/site/mail", {"server": ""})
                usual = {"sign_up": house.settings.sign_up, "create_spaces": "admins"}
                await house.call("PATCH", "/site", {"name": "Stentor", **usual})
