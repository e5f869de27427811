"""A series on a telephone: made, looked at as a visitor, changed from a date on, one date left out; and a template."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
PHONE = {"width": 390, "height": 844}


async def test_a_series_on_a_telephone(house: Whole, browsers: Browsers) -> None:
    """What a host does without a word of the API."""
    first = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d")
    link = await invitation(house, "moderator")
    async with visit(browsers.plain, link, viewport=PHONE, locale="de") as page:
        await sign_up(page, "Ada Lovelace", "ada-series")
        await page.page.goto(at(house, "/mine/shows"))
        await page.says("#shows", "Sie leiten noch keine Reihe")
        await page.page.fill("#new [name=title]", "Abendrunde")
        await page.page.fill("#new [name=starts]", f"{first}T20:00")
        await page.page.fill("#new [name=zone]", "Europe/Berlin")
        await page.page.select_option("#new [name=asking]", "signed_in")
        await page.page.uncheck("#new [name=recording]")
        await page.page.click("#new button")
        await page.says("#said", "Die Reihe ist angelegt")
        await page.until("document.querySelectorAll('#dates li').length === 4", "its first dates")
        await page.until("document.documentElement.scrollWidth <= 390", "nothing sticks out")
        await page.page.locator("#change [name=since]").select_option(index=1)
        await page.page.fill("#change [name=title]", "Späte Runde")
        await page.page.click("#change button")
        await page.says("#said", "Gespeichert")
        await page.page.locator("#dates li").nth(2).get_by_role("button").click()
        await page.page.locator("dialog[open]").get_by_role("button", name="Ausfallen lassen").click()
        await page.says("#dates", "fällt aus")
        spaces = [each["title"] for each in (await house.call("GET", "/spaces"))["spaces"] if "unde" in each["title"]]
        assert (spaces.count("Abendrunde"), spaces.count("Späte Runde")) == (1, 4)
        await page.page.locator("#dates a").first.click()
        await page.page.wait_for_selector("#setup:not([hidden])", state="attached")
        await page.page.click("#settings-open")
        await page.page.click("#template")
        await page.says("#setup-said", "Als Vorlage")
        await page.page.goto(at(house, "/mine"))
        await page.says("#templates", "Abendrunde")
        await page.until("document.documentElement.scrollWidth <= 390", "nothing sticks out")
        await page.page.locator("#templates button").first.dblclick()
        await page.page.wait_for_url("**/stage/abendrunde-*")
        await page.says("h1", "Abendrunde")
        spaces = [each["title"] for each in (await house.call("GET", "/spaces"))["spaces"]]
        assert spaces.count("Abendrunde") == 2, "two presses make one space"
        await page.page.goto(at(house, "/mine"))
        await page.page.locator("#templates button").nth(1).click()
        await page.page.locator("dialog[open]").get_by_role("button", name="Löschen").click()
        await page.page.wait_for_selector("#templates-part", state="hidden")
        await page.until("document.activeElement.matches('h1')", "the keyboard goes on from the title")
        await page.page.goto(at(house, "/mine/shows"))
        await page.page.locator("#shows a").first.click()
        await page.says("h1", "Späte Runde")
        await page.says("main", "20:00 Uhr (Ortszeit Berlin)")
        await page.until("document.documentElement.scrollWidth <= 390", "nothing sticks out")
        page.calm()
