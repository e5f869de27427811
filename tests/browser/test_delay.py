"""The broadcast delay on the stage's page: chosen in the settings, dumped with one key, told to all hosts."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def test_a_key_dumps_what_nobody_has_heard(house: Whole, browsers: Browsers) -> None:
    """Chosen before the doors and never after; the key asks nothing, and another host reads what went."""
    made = await house.call("POST", "/spaces", {"id": "delayed", "title": "Delayed", "language": "en"})
    stage = f"http://127.0.0.1:{house.settings.port}/stage/delayed#token="
    second = await house.call("POST", "/spaces/delayed/invitations", {"name": "Anna", "role": "co_host"})
    async with (
        visit(browsers.reader, stage + made["invitation"]["token"]) as host,
        visit(browsers.cards, stage + second["token"], locale="de-DE") as other,
    ):
        await host.page.click("#settings-open")
        await host.page.select_option("#delay-seconds", "7")
        await host.until("document.querySelector('#dump-last').hidden", "nothing is dumped before the talk")
        await host.page.keyboard.press("Escape")
        await house.call("POST", "/spaces/delayed/live")
        await host.says("#delay-now", "The audience hears you 7 seconds later.")
        assert await host.page.is_disabled("#delay-seconds")
        await host.page.click("#tab-people")
        await host.page.locator("#dump").wait_for()
        await host.page.keyboard.press("d")
        await host.says("#dump-said", "seconds. Music plays from")
        await other.says("#dump-said", "Sekunden, die niemand hört")
        await other.page.get_by_role("button", name="Letzte 5 s verwerfen").click()
        await host.until("document.querySelector('#dump-said').textContent", "it is told")
        await open_to_all(host, "stage with a delay")
        await house.call("POST", "/spaces/delayed/end")
        await host.says("#delay-now", "still hears the last 7 seconds")
        host.calm()
    events = (await house.call("GET", "/spaces/delayed/events"))["events"]
    dumped = [event for event in events if event["kind"] == "SoundDumped"]
    seats = (await house.call("GET", "/spaces/delayed"))["seats"]
    assert {each["who"] for each in dumped} == {seat["id"] for seat in seats}, "who it was, as an id"
