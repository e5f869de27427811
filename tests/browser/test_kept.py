"""An administrator chooses in the browser what is kept, how much of it, and whether talks have captions."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
KEPT = ("keep_recordings", "keep_comments", "keep_sounds", "keep_events", "quota_gb", "account_gb")


async def test_what_is_kept_is_chosen_on_the_page(house: Whole, browsers: Browsers) -> None:
    """The page shows what holds, asks before it deletes sooner, and says where captions come from if none are made."""
    async with visit(browsers.plain, await invitation(house, "admin")) as page:
        await sign_up(page, "Keeper", "keeper")
        await page.page.goto(at(house, "/admin/site"))
        await page.until("document.querySelector('[name=keep_recordings]').value === '0'", "what holds is shown")
        assert await page.page.input_value("[name=keep_sounds]") == "30"
        await page.says("#captions-said", "stentor[captions]")
        try:
            await page.page.fill("[name=quota_gb]", "12.5")
            await page.page.check("[name=captions][value=false]")
            await page.page.click("#site .primary")
            await page.says("#notice", "Saved")
            known = await house.call("GET", "/site")
            assert (known["quota_gb"], known["captions"], known["keep_recordings"]) == (12.5, False, 0)
            await page.page.fill("[name=keep_recordings]", "90")
            await page.page.click("#site .primary")
            assert "shorter" in await page.sure(yes=False)
            assert (await house.call("GET", "/site"))["keep_recordings"] == 0, "it was not saved"
            await page.page.click("#site .primary")
            await page.sure()
            async with page.page.expect_response(lambda answer: answer.request.method == "GET" and answer.ok):
                await page.page.reload()
            await page.until("document.querySelector('[name=keep_recordings]').value === '90'", "it was saved")
            assert await page.page.is_checked("[name=captions][value=false]")
        finally:
            await house.call("PATCH", "/site", {**dict.fromkeys(KEPT), "captions": True})
