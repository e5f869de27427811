"""What people write is text, wherever it is shown: markup and scripts in every field, on every page, in a browser."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from stentor.client.speak import recorded_voice
from stentor.client.speaker import Speaker
from tests.browser.conftest import Browsers
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import Visit, visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
HOSTILE = "</script></title><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>{a}$b"
"""Ends what it could stand in (script, title, attribute) and runs where it is taken for markup; fills in, too."""
QUOTED = quote(HOSTILE, safe="")
INJECTED = 'img[src="x"], svg[onload], [onerror]'


class Trap:
    """Notes when a script of somebody else runs: it would open a dialog."""

    def __init__(self, page: Visit) -> None:
        self.page, self.dialogs = page, list[str]()
        page.page.on("dialog", self._opened)

    def _opened(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        task = asyncio.ensure_future(dialog.dismiss())
        task.add_done_callback(lambda _: None)

    async def shows(self, selector: str) -> None:
        """Waits until the text stands there as it was written, and then for nothing else to have come of it."""
        await self.page.says(selector, HOSTILE)
        await self.clean()

    async def clean(self) -> None:
        """Fails when markup became part of the page, a script ran, or only the security policy kept it off."""
        assert await self.page.page.locator(INJECTED).count() == 0, self.page.page.url
        assert self.dialogs == []
        refused = [text for text in self.page.watch.complaints if "Content Security Policy" in text]
        assert refused == [], self.page.page.url


async def test_names_and_titles_are_text(house: Whole, browsers: Browsers) -> None:
    """A title, a host, somebody who asks, an account with bio, passkey and browser of that name: on every page."""
    made = await house.call("POST", "/spaces", {"id": "hostile", "title": HOSTILE, "host_name": HOSTILE})
    await house.call("POST", "/spaces/hostile/doors")
    asked = await house.client.post("/api/v1/spaces/hostile/requests", json={"name": HOSTILE})
    assert asked.is_success
    async with visit(browsers.plain, await invitation(house, "admin"), user_agent=HOSTILE) as page:
        trap = Trap(page)
        await sign_up(page, HOSTILE, "hostile")
        await page.page.goto(at(house, "/account"))
        await trap.shows("header .who")  # so long a name moves what is below it
        await page.page.fill("#profile [name=bio]", HOSTILE)
        await page.page.click("#profile button")
        await page.says("#notice", "aved")
        await page.page.fill("#passkey [name=name]", HOSTILE)
        await page.page.reload()
        await page.until("document.querySelector('#profile [name=bio]').value.includes('onerror')", "the bio is there")
        await page.says("#sessions", "Unknown device here")
        await page.page.goto(at(house, "/"))
        await page.until("document.querySelector('#spaces [data-verb=invite]')", "the buttons are there")
        await trap.shows("#spaces")
        await page.page.click("[data-space=hostile][data-verb=invite]")
        await trap.shows("#invite-title")
        await page.page.goto(at(house, "/ask/hostile"))
        await trap.shows("h1")
        await page.page.goto(at(house, f"/stage/hostile#token={made['invitation']['token']}"))
        await trap.shows("#people")
        await trap.shows("#you")
        await trap.shows("#line")
    await house.call("POST", "/spaces/hostile/end")


async def test_the_audience_sees_text(house: Whole, browsers: Browsers) -> None:
    """The listener's page while somebody of that name talks, the page for frames, the recording and its chapters."""
    made = await house.call("POST", "/spaces", {"id": "loud", "title": HOSTILE, "host_name": HOSTILE})
    async with visit(browsers.plain, house.audience("loud")) as page:
        trap = Trap(page)
        await trap.shows("h1")
        await house.call("POST", "/spaces/loud/doors")
        await page.says("#state", "Doors")
        async with Speaker(house.whip("loud"), made["invitation"]["token"], recorded_voice("reader"), name="host"):
            await house.call("POST", "/spaces/loud/live")
            await page.says("#seats", HOSTILE)
            await trap.clean()
            await page.page.goto(house.audience("loud", "/embed"))
            await trap.shows("h1")
            await asyncio.sleep(4)  # a segment of the recording has a turn in it
        await house.call("POST", "/spaces/loud/end")
        await house.until("loud", lambda view: bool(view["state"] == "replay"), "the recording is complete", 60)
        for path, selector in (("", "#chapters"), ("/embed", "#chapters"), ("/clip?from=1&to=3", "h1")):
            await page.page.goto(house.audience("loud", path))
            await trap.shows(selector)


async def test_what_an_address_says_is_text(house: Whole, browsers: Browsers) -> None:
    """Nothing of an address becomes part of a page, and no page leads to where the address wants."""
    async with visit(browsers.plain, at(house, "/")) as page:
        trap = Trap(page)
        for path in (
            f"/stage/{QUOTED}", f"/ask/{QUOTED}", f"/comments/{QUOTED}", f"/{QUOTED}",
            f"/stage/hostile#token={QUOTED}", f"/?next={QUOTED}",
            f"/sign-up#invitation={QUOTED}", f"/sign-in?next={QUOTED}", "/sign-in?next=javascript:alert(1)",
            f"/api/v1/spaces/{QUOTED}", f"/static/x/{QUOTED}",
        ):  # fmt: skip
            await page.page.goto(at(house, path))
            await trap.clean()
        for path in (f"/s/{QUOTED}", f"/s/hostile?lang={QUOTED}#t={QUOTED}", f"/s/hostile/clip?from={QUOTED}&to=1"):
            await page.page.goto(f"http://127.0.0.1:{house.settings.audience_port}{path}")
            await trap.clean()
