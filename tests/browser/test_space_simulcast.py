"""A host sends a talk to other networks on a page of the stage: each kind of server asks for what it needs."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_hosts_send_a_talk_elsewhere(house: Whole, browsers: Browsers) -> None:
    """An address is entered whole and shown without what is secret of it (obs-multi-rtmp #256). What is wrong is said
    in a sentence, of the form and of a server that is none. Deleted at the end."""
    tokens = await house.space("sent")
    stage = f"http://127.0.0.1:{house.settings.port}/stage/sent"
    async with visit(browsers.reader, f"{stage}#token={tokens['host']}") as host:
        page = host.page
        await page.click("#settings-open")
        await page.goto(f"{stage}/simulcast")
        assert await page.inner_text("label[for=key]") == "Stream key"
        assert await page.is_hidden("#encryption")
        asked = [("whip", "Token", False), ("icecast", "Source password", True), ("srt", "Stream ID", False)]
        for kind, label, needed in asked:
            await page.select_option("[name=kind]", kind)
            assert await page.inner_text("label[for=key]") == label
            assert (await page.get_attribute("[name=key]", "required") is not None) is needed
            assert await page.is_hidden("#where")
        await page.fill("[name=name]", "Media server")
        await page.fill("[name=server]", "srt://media.invalid")
        await page.fill("[name=passphrase]", "a-long-passphrase")
        await page.click("#add .primary")
        await host.says("#problem", "not a server address")
        await page.fill("[name=server]", "srt://media.invalid:9000?streamid=publish:talk:me:xyzzy&latency=2000000")
        await page.click("#add .primary")
        await host.says("#destinations", "srt://media.invalid:9000?latency=2000000")
        await host.says("#destinations", "There is no server with this name")
        assert "xyzzy" not in await page.content()
        assert await page.is_hidden("#encryption")  # the form is as it was
        await page.select_option("[name=kind]", "whip")
        await page.fill("[name=name]", "WebRTC")
        await page.fill("[name=server]", "https://stream.invalid/s3cret/publish")
        await page.click("#add .primary")
        await host.says("#destinations", "https://stream.invalid")
        assert "s3cret" not in await page.content()
        await page.select_option("[name=kind]", "rtmp")
        await page.click("#where summary")
        await open_to_all(host, "simulcast of a space")
        host.watch.complaints = [each for each in host.watch.complaints if "400" not in each]  # the form's own error
        found = (await house.call("GET", "/spaces/sent/destinations"))["destinations"]
        assert [(each["kind"], each["on"]) for each in found] == [("srt", True), ("whip", True)]
        for left in reversed(range(len(found))):
            await page.locator("#destinations .danger").first.click()
            await host.sure()
            await host.until(f"document.querySelectorAll('#destinations .danger').length === {left}", "it is gone")
        await host.says("#destinations", "No destinations yet")
    assert (await house.call("GET", "/spaces/sent/destinations"))["destinations"] == []
