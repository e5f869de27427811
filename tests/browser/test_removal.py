"""A host deletes part of a recording, and then the space, on the stage's page; each step says first what goes."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def test_a_host_deletes_what_was_said(house: Whole, browsers: Browsers) -> None:
    """The dialog names the part; what is deleted stands in a list with the reason, and guests see none of it."""
    tokens = await house.space("removal", "guest")
    await house.call("POST", "/spaces/removal/live")
    await house.until("removal", lambda view: view["now_ms"] > view["doors_open_ms"] + 4000, "there is something")
    await house.call("POST", "/spaces/removal/end")
    await house.until("removal", lambda view: view["state"] == "replay", "the recording is there", 60)
    stage = f"http://127.0.0.1:{house.settings.port}/stage/removal#token="
    async with (
        visit(browsers.reader, stage + tokens["host"]) as host,
        visit(browsers.reader, stage + tokens["guest"]) as guest,
    ):
        await host.page.locator("#after").wait_for()
        assert await guest.page.locator("#after").is_hidden()
        await host.page.fill("#remove-from", "0:01")
        await host.page.fill("#remove-to", "0:02")
        await host.page.fill("#remove-reason", "The guest asked")
        await host.page.get_by_role("button", name="Delete from the recording").click()
        assert "0:01 to 0:02 of the recording of “The removal”" in await host.sure()
        await host.says("#after-removed", "0:01 to 0:02")
        assert "The guest asked" in await host.page.inner_text("#after-removed")
        await host.says("#editions-said", "It's ready.", within_s=90)
        await host.says("#editions-cut", "Deleted on request")
        await host.page.select_option("#editions-first", "cut")
        await house.until("removal", lambda view: not view["switches"]["unedited"], "the cut is what people get")
        await host.page.fill("#trim-from", "0:02")
        await host.page.get_by_role("button", name="Show this part").click()
        await house.until("removal", lambda view: view["trim"] == {"from_ms": 2000, "to_ms": None}, "it is trimmed")
        await host.page.uncheck("#after-listed")
        await house.until("removal", lambda view: not view["listed"], "it is in no list")
        await host.page.fill("#remove-reason", "Everybody asked")
        await host.page.get_by_role("button", name="Delete the whole space").click()
        assert "Delete “The removal” with its recording, comments and notes?" in await host.sure()
        await house.until("removal", lambda view: view["removed"], "the space is removed")
        await host.page.locator("#after").wait_for(state="hidden")
        host.calm()
