"""Everybody can use the audience's pages in states that come rarely, and the pages beside the talks."""

from __future__ import annotations

import msgspec
import pytest

from stentor.evidence.report import kept_key
from stentor.house.pages import SECTIONS
from stentor.people import site
from stentor.people.moderation import TRANSPARENCY_KEY, MonthCounts, Transparency
from stentor.people.site import SiteWishes
from stentor.spaces.model import State
from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import visit
from tests.support.edge import DOORS_OPEN_MS, edge, live_space
from tests.support.screens import GUESTS_TALK, play
from tests.support.whole import Whole
from tests.unit.evidence.test_report import made

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
FOR_SOME = (
    *(link for link, _, _ in SECTIONS if link not in ("/admin", "/mine", "/admin/design")), "/admin/welcome",
    "/admin/moderation/1", "/admin/moderation/elsewhere", "/mine", "/mine/shows", "/account/outlets/space?space=theirs",
    "/stage/theirs", "/stage/theirs/listeners", "/stage/theirs/webhooks", "/stage/theirs/simulcast",
)  # fmt: skip
"""Pages that only some may use: administrators, moderators, who may open spaces, hosts of this one."""
FILLED_IN = """[...document.querySelectorAll('main :is(input, select, textarea, form button, button.primary)')]
  .filter((each) => each.checkVisibility() && !each.disabled && !each.closest('#token, #listen'))
  .map((each) => each.outerHTML)"""
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


async def test_who_may_not_finds_nothing_to_fill_in(house: Whole, browsers: Browsers) -> None:
    """A page for some says no to a guest and to a member, and leads on; what the API would refuse is not offered."""
    await house.space("theirs")
    await house.call("PATCH", "/site", {"create_spaces": "admins"})
    try:
        async with visit(browsers.plain, "about:blank") as page:
            for who in ("a guest", "a member"):
                if who == "a member":
                    await page.page.goto(await invitation(house, "member"))
                    await sign_up(page, "Just A. Member", "just-a-member")
                for path in FOR_SOME:
                    await page.page.goto(at(house, path), wait_until="load")
                    if "/sign-in?" in page.page.url:
                        assert who == "a guest", path
                        continue
                    if path.startswith("/stage/"):  # who it is for only the browser knows
                        no = "document.querySelector('#blocked, #problem').textContent.trim()"
                        await page.until(no, f"{path} says no to {who}")
                    assert await page.page.evaluate(FILLED_IN) == [], f"{path} offers this to {who}"
                    assert await page.page.locator("main a").count(), f"{path} leads {who} nowhere"
    finally:
        await house.call("PATCH", "/site", {"create_spaces": "members"})
