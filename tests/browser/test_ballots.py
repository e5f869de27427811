"""Questions and polls from both sides: the audience asks and votes by keyboard, hosts ask, answer and count."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def test_the_audience_is_asked_and_asks(house: Whole, browsers: Browsers) -> None:
    """A poll is opened, voted on, closed; a guest's question is approved, voted up, answered."""
    tokens = await house.space("ballots")
    await house.call("POST", "/spaces/ballots/live")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/ballots#token={tokens['host']}"
    async with (
        visit(browsers.reader, stage) as host,
        visit(browsers.plain, house.audience("ballots"), locale="de-DE") as listener,
    ):
        await host.page.click("#tab-questions")
        await host.page.fill("#poll-question", "Which <b>way</b>?")
        await host.page.fill("#poll-answers", "Left\n\nRight")
        await host.page.get_by_role("button", name="Open poll").click()
        await host.says("#poll-list", "Open. Votes so far: 0")
        await listener.page.locator("#asked > summary").click()
        await listener.says("#asked", "Which <b>way</b>?")
        right = listener.page.get_by_role("button", name="Right")
        await right.focus()
        await listener.page.keyboard.press("Enter")
        await listener.says("#asked [role=status]", "Ihre Stimme zählt.")
        await listener.says("#asked .answers", "% · 1")
        await host.says("#poll-list", "100% · 1")
        await listener.page.fill("#asked [name=name]", "Gast")
        await listener.page.fill("#asked [name=text]", "Warum?")
        await listener.page.get_by_role("button", name="Fragen", exact=True).click()
        await listener.says("#asked [role=status]", "sobald ein Host sie freigegeben hat")
        await host.page.click("#tab-comments")
        await host.page.get_by_role("button", name="Approve").first.click()
        await listener.page.locator("#asked [data-vote^=q]").click()
        await host.page.click("#tab-questions")
        await host.says("#question-list", "1 ▲ Warum?")
        await open_to_all(host, "stage with questions")
        await open_to_all(listener, "listener with questions")
        await host.page.get_by_role("button", name="Answer now: Warum?").click()
        await host.says("#question-now", "You are answering: Warum?")
        await listener.says("#asked .now", "Wird gerade beantwortet: Warum?")
        await host.page.get_by_role("button", name="Close and count").click()
        await host.says("#poll-list", "Closed. Votes: 1")
        await listener.says("#asked .poll", "Ergebnis. Stimmen: 1.")
        host.calm()
        listener.calm(but=("401",))  # whoever is signed in asks with their account
