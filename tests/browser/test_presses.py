"""What is pressed on a page that is not ready yet: it is done once the page is, and never goes into an address."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Browsers
from tests.browser.test_people import at
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
PASSWORD = "correct horse battery staple"


class Held:
    """Answers that are not given before :attr:`free` is set."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        """Lets a request go on once it may."""
        await self.free.wait()
        await route.continue_()


async def test_a_press_waits_for_the_script(house: Whole, browsers: Browsers) -> None:
    """Who signs in before the script has come is told what is wrong with it after; the password is in no address."""
    async with visit(browsers.plain, at(house, "/icon.svg")) as page:
        held = Held()
        await page.page.route("**/sign-in.js", held)
        await page.page.goto(at(house, "/sign-in"), wait_until="commit")
        await page.page.fill("#by-password [name=handle]", "nobody")
        await page.page.fill("#by-password [name=password]", PASSWORD)
        await page.page.press("#by-password [name=password]", "Enter")
        await expect(page.page.locator("#by-password button")).to_have_attribute("aria-busy", "true")
        held.free.set()
        await expect(page.page.locator("#problem")).to_contain_text("Wrong handle")
        await expect(page.page.locator("#by-password button")).not_to_have_attribute("aria-busy", "true")
        assert page.page.url == at(house, "/sign-in")


async def test_a_page_without_its_script_says_so(house: Whole, browsers: Browsers) -> None:
    """When the script cannot be loaded the page asks for a reload, and a press sends nothing."""
    async with visit(browsers.plain, at(house, "/icon.svg")) as page:
        await page.page.route("**/page.js", lambda route: route.abort())
        await page.page.goto(at(house, "/sign-in"))
        await expect(page.page.get_by_role("alert").first).to_contain_text("did not load completely")
        await page.page.fill("#by-password [name=handle]", "nobody")
        await page.page.fill("#by-password [name=password]", PASSWORD)
        await page.page.click("#by-password button")
        await page.says("[role=alert]", "did not load completely")
        assert page.page.url == at(house, "/sign-in")


async def test_the_studio_has_no_button_before_it_knows_the_space(house: Whole, browsers: Browsers) -> None:
    """Nothing can be pressed until the first word of the house has come; then an invitation opens at once."""
    made = await house.call("POST", "/spaces", {"id": "unready", "title": "Unready"})
    async with visit(browsers.plain, at(house, "/icon.svg")) as host:
        held = Held()
        await host.page.route("**/spaces/unready/stream", held)
        await host.page.goto(at(house, f"/stage/unready#token={made['invitation']['token']}"))
        await expect(host.page.locator("main button:visible")).to_have_count(0)
        held.free.set()
        await host.page.get_by_role("button", name="Invite", exact=True).click()
        await expect(host.page.locator("#invite-form [name=name]")).to_be_visible()
