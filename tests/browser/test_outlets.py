"""The pages of outlets and newsletters, as people see them: every look, and the keyboard alone."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_home import Person
from tests.browser.test_people import at, invitation
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def test_a_host_connects_and_chooses_with_keys(house: Whole, browsers: Browsers) -> None:
    """By keyboard alone a newsletter is begun and chosen for a talk, in own words for one moment, and previewed."""
    off = {"server": "", "password": ""}
    mail = {"server": "localhost", "port": 9, "security": "none", "sender": "site@talk.example", "user": ""}
    await house.call("PATCH", "/site/mail", mail)
    try:
        async with visit(browsers.reader, await invitation(house, "moderator")) as shown:
            ada = Person(shown, house)
            await ada.sign_up("Ada Lovelace", "ada-outlets")
            await ada.go("/account/outlets?kind=mastodon")
            await open_to_all(shown, "connecting an account")
            await ada.press("button[value=newsletter]")
            await shown.says("main", "Subscriptions: 0")
            await open_to_all(shown, "outlets")
            made = await ada.page.request.post(
                at(house, "/api/v1/spaces"), data={"id": "ada-talks", "title": "On trees", "language": "en"},
                headers={"Sec-Fetch-Site": "same-origin"},
            )  # fmt: skip
            assert made.ok, await made.text()
            await ada.go("/account/outlets/space?space=ada-talks")
            await ada.press("button[data-field=share]")
            await shown.until("document.querySelector('.toast')?.textContent", "what became of it is said")
            selected = "at => at.value.slice(at.selectionStart, at.selectionEnd)"
            assert "On trees" in await ada.page.locator("#share").evaluate(selected)
            assert await ada.page.locator("img[width='240']").evaluate("at => at.decode().then(() => at.naturalWidth)")
            await ada.press("summary:has-text('Other words')")
            await ada.write("[name=words-live]", "We have begun: {title}!")
            await ada.press("button[name=preview]")
            await shown.says("main", "We have begun: On trees!")
            await open_to_all(shown, "what of a space is posted")
            await ada.go("/account/newsletter?of=ada-outlets")
            await open_to_all(shown, "asking for a newsletter")
    finally:
        await house.call("PATCH", "/site/mail", off)
