"""Everybody can use the audience's pages in states that come rarely, and the pages beside the talks."""

from __future__ import annotations

import msgspec
import pytest

from stentor.evidence.report import kept_key
from stentor.people import site
from stentor.people.moderation import TRANSPARENCY_KEY, MonthCounts, Transparency
from stentor.people.site import SiteWishes
from stentor.spaces.model import State
from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.support.browser import visit
from tests.support.edge import DOORS_OPEN_MS, edge, live_space
from tests.support.screens import GUESTS_TALK, play
from tests.support.whole import Whole
from tests.unit.evidence.test_report import made

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
MONTHS = [MonthCounts("2026-11", reports=3, strangers=1, reasons={"spam": 2, "hate": 1}, decisions={"ban-site": 2})]
TEXT = "# Who we are\n\nA newspaper of **Leipzig**.\n\n- [Write to us](https://example.org/)\n\n> Since 1894."


async def test_pages_beside_the_talks(browsers: Browsers) -> None:
    """The report of a space, what was moderated, a text of the site, and what is shown without a network."""
    async with (
        edge(live_space(state=State.ENDED, ended_ms=DOORS_OPEN_MS + 60_000), chunks=1) as rig,
        visit(browsers.plain, "about:blank") as page,
    ):
        address = f"http://127.0.0.1:{rig.port}"
        await rig.objects.put(kept_key(rig.channel.space.id), msgspec.json.encode(made()))
        await rig.objects.put(TRANSPARENCY_KEY, msgspec.json.encode(Transparency(1_764_500_000_000, MONTHS)))
        await rig.site.identity.transparency.read()
        await rig.objects.put(site.KEY, msgspec.json.encode(site.look(SiteWishes(imprint=TEXT), b"")))
        await rig.site.identity.read()
        for path in ("/s/friday/report?lang=en", "/transparency?lang=en", "/imprint?lang=en", "/offline"):
            reply = await page.page.goto(address + path)
            assert reply
            assert reply.ok, path
            await open_to_all(page, path)


async def test_a_talk_with_all_that_can_be_opened(browsers: Browsers) -> None:
    """Somebody speaks, captions, reactions and what experts want are open; then it is interrupted, over, deleted."""
    async with edge(live_space(**GUESTS_TALK)) as rig, visit(browsers.plain, "about:blank") as page:
        play(rig, 60)
        await page.page.goto(f"http://127.0.0.1:{rig.port}/s/friday")
        await page.until("document.querySelector('#seats .talking')", "somebody speaks")
        await page.page.click("#captions-switch")
        await page.page.click("#more")
        await open_to_all(page, "live, with all open")
        for state, chip in ((State.INTERRUPTED, "interrupted"), (State.ENDED, "Ended"), (State.CANCELLED, "Cancelled")):
            over = {} if state is State.INTERRUPTED else {"ended_ms": DOORS_OPEN_MS + 60_000}
            rig.channel.space = live_space(state=state, version=rig.channel.space.version + 1, **GUESTS_TALK, **over)
            await page.page.reload()
            await page.until(f"document.documentElement.dataset.state === '{state.value}'", f"it says {chip}")
            await open_to_all(page, state.value)


async def test_the_entrance_of_a_private_space(house: Whole, browsers: Browsers) -> None:
    """Who has a password may use the keyboard, too."""
    wish = {"title": "Plans", "host_name": "Ada", "visibility": "password", "password": "open sesame"}
    made = await house.call("POST", "/spaces", {**wish, "language": "en"})
    address = house.audience(made["space"]["id"]).replace("/s/", "/enter/")
    async with visit(browsers.plain, address) as page:
        await page.page.locator("#word").wait_for()
        await open_to_all(page, "entrance")
