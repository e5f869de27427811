"""A host makes a webhook of the space on a page that the stage leads to, by the link alone, without an account."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_hosts_have_webhooks_of_their_space(house: Whole, browsers: Browsers) -> None:
    """With the events of a space only; made, tried, its log shown, deleted. A guest is told that it is not theirs."""
    tokens = await house.space("hooked", "guest")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/hooked"
    async with visit(browsers.reader, f"{stage}#token={tokens['host']}") as host:
        await host.page.click("#settings-open")
        assert await host.page.get_attribute("#edit a[href$=webhooks]", "href") == "/stage/hooked/webhooks"
        lists = "**/api/v1/spaces/hooked/webhooks"
        await host.page.route(lists, lambda route: route.fulfill(status=503, json={"detail": "Busy."}), times=1)
        await host.page.goto(f"{stage}/webhooks")
        await host.page.wait_for_selector("#parts:not([hidden])")
        host.watch.complaints.clear()
        options = await host.page.locator("[name=events] option").all_inner_texts()
        assert options
        assert all(each.startswith("space.") for each in options)
        await host.page.fill("[name=url]", "https://hooks.invalid/stentor")
        await host.page.select_option("[name=events]", ["space.went_live"])
        await host.page.click("#add .primary")
        await host.says("#secret", "whsec_")
        await host.page.click("#webhooks button:nth-of-type(2)")
        await host.says("#notice", "on its way")
        await host.page.click("#webhooks button:nth-of-type(1)")
        await host.until("!document.querySelector('#log').hidden", "the log is shown")
        await open_to_all(host, "webhooks of a space")
        [hook] = (await house.call("GET", "/spaces/hooked/webhooks"))["webhooks"]
        assert (hook["url"], hook["events"]) == ("https://hooks.invalid/stentor", ["space.went_live"])
        await host.page.locator("#webhooks .danger").click()
        await host.sure()
        await host.says("#webhooks", "no webhook")
    assert (await house.call("GET", "/spaces/hooked/webhooks"))["webhooks"] == []
    async with visit(browsers.reader, f"{stage}#token={tokens['guest']}") as guest:
        await guest.page.goto(f"{stage}/webhooks")
        await guest.until("document.querySelector('#problem').textContent", "who may not is told so")
        guest.watch.complaints.clear()
