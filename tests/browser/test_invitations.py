"""Links that lead onto the stage and to the audience, as they are handed on."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from playwright.async_api import Locator

from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]


async def picture(shown: Locator) -> NDArray[np.uint8]:
    """An element as it is seen: rows, columns, red green blue."""
    with av.open(io.BytesIO(await shown.screenshot()), "r") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)


async def reads(shown: Locator) -> str:
    """What a camera reads of the one code in an element, which is on white."""
    seen = await picture(shown)
    assert (seen[[1, 1, -2, -2], [1, -2, 1, -2]] == 255).all(), "the margin is white"
    [code] = zxingcpp.read_barcodes(seen, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return code.text


async def test_a_qr_code_is_the_link(house: Whole, browsers: Browsers) -> None:
    """Of an invitation in the list, of a new one, and of the audience's page; also where the page is dark. What draws
    it is loaded when somebody wants one."""
    tokens = await house.space("square", "Grace")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/square#token={tokens['host']}"
    async with visit(browsers.plain, stage, color_scheme="dark") as host:
        await host.page.get_by_role("button", name="Invite").click()
        listed = host.page.locator("#invite-open li", has_text="Grace")
        assert not [each.url for each in host.watch.responses if "/vendor/" in each.url]
        await listed.get_by_role("button", name="QR code").click()
        link = await reads(listed.get_by_role("img"))
        assert len(link) < len(stage.partition("#")[0]) + 50, "it is short"
        async with visit(browsers.plain, link) as grace:
            await grace.says("#you", "You are invited as Grace")
            assert not [each.url for each in grace.watch.responses if link.partition("#t=")[2] in each.url]
            assert "#" not in grace.page.url, "a shown or shared address gives no key away"

        await host.page.locator("#invite").get_by_label("Name", exact=True).fill("Mary")
        await host.page.get_by_role("button", name="Create link").click()
        made = host.page.locator("#invite-result")
        await made.get_by_role("button", name="QR code").click()
        assert await reads(made.get_by_role("img")) == await made.locator("input").input_value()
        await host.page.click("#invite-close")

        share = host.page.locator("#share")
        await host.page.get_by_role("button", name="Share").click()
        await share.get_by_role("button", name="QR code").click()
        assert await reads(share.get_by_role("img")) == house.audience("square")
        await share.get_by_role("button", name="QR code").click()
        assert await share.get_by_role("img").count() == 0, "it is put away again"
        host.calm()
