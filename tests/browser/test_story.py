"""One evening as people meet it: from signing up to the replay, and the host's account is gone while the talk stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_people import at, follow, invitation, sign_up
from tests.support.browser import Visit, visit
from tests.support.wait import eventually
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]
SPACE = "the-evening"
SPOKEN_S = 8
"""Each is heard alone for so long by the stage's own count, also where a slow machine needs longer for it:
the replay makes a chapter of what is longer than 4.8 s."""

_SPOKEN = r"""[...document.querySelectorAll("#people .seat")]
  .filter((row) => row.querySelector("strong").textContent === "{name}")
  .map((row) => /spoke (\d+):(\d\d)/.exec(row.textContent))
  .map((found) => found ? 60 * found[1] + Number(found[2]) : 0)[0]"""
"""How many seconds somebody has talked since the space is live, as the stage's page says."""


async def test_from_sign_up_to_the_replay(house: Whole, browsers: Browsers) -> None:
    """A host signs up, plans a talk and invites somebody; both speak, a listener hears, reacts and finds it again."""
    allowed = ["microphone", "clipboard-write"]
    async with visit(browsers.reader, await invitation(house, "moderator"), permissions=allowed) as host:
        await sign_up(host, "Grace Hopper", "hopper")
        link = await plans(host, house)
        async with (
            visit(browsers.plain, house.audience(SPACE)) as listener,
            visit(browsers.cards, link) as guest,
        ):
            await listener.says("#state", "Upcoming")
            await guest.says("#you", "You are invited as Bob")
            await begins(host, guest)
            await listener.says("#state", "Live")  # the page asks now and then
            await listener.page.click("#play")
            await listener.flows()
            await takes_part(host, listener)
            await guest.page.click("#mute")
            await has_the_floor(host, "Grace Hopper")
            await host.page.click("#mute")
            await guest.page.click("#mute")
            await has_the_floor(host, "Bob")
            await guest.page.click("#leave")
            await host.page.get_by_role("button", name="End", exact=True).click()
            await host.sure()
            await listener.says("#state", "Replay")
            for page in (listener, guest):
                page.calm(but=("503",))  # a stage that has not heard of the space yet
        await finds(browsers, house, "Grace Hopper", "Bob")
        await leaves(host, house)
        await finds(browsers, house, "Deleted person", "Bob")


async def plans(host: Visit, house: Whole) -> str:
    """A space for in an hour, made on the house's first page, and the link that invites Bob to its stage."""
    await host.page.goto(at(house, "/"))
    soon = datetime.now(UTC).astimezone() + timedelta(hours=1)
    await host.page.fill("#create-form [name=title]", "The evening")
    await host.page.fill("#create-form [name=when]", f"{soon:%Y-%m-%dT%H:%M}")
    await host.page.click("#create-form button")
    await follow(host, f'a[href="/stage/{SPACE}"]', f"/stage/{SPACE}")
    await host.page.get_by_role("button", name="Invite").click()
    await host.page.fill("#invite-form [name=name]", "Bob")
    await host.page.click("#invite-form button")
    link = await host.page.locator("#invite-result input").input_value()
    await host.says("#invite-open", "Bob")
    await host.page.get_by_role("button", name="Copy: Bob").click()
    await host.says("#invite-open", "Copied")
    await host.page.click("#invite-close")
    return link


async def begins(host: Visit, guest: Visit) -> None:
    """The host is led by what is missing: doors first, then people on the stage, then live."""
    await host.says("#you", "Grace Hopper (host)")
    await host.says("#countdown", "Starts in")
    live = host.page.get_by_role("button", name="Go live", exact=True)
    await live.click()
    await host.page.get_by_role("button", name="Open the doors first").click()
    await host.says("#state", "Doors open")
    for page in (host, guest):
        await page.page.click("#join")
        await page.says("#status", "You are on the stage")
    await live.click()
    await host.says("#countdown", "Live for")


async def takes_part(host: Visit, listener: Visit) -> None:
    """What the listener sees and does: both names, a reaction that everybody sees, a note that the host pins."""
    for name in ("Grace Hopper", "Bob"):
        await listener.says("#seats", name)
    await listener.until("document.querySelector('#seats .talking')", "somebody is seen to talk")
    await listener.page.locator("#reactions button").first.click()
    await listener.says("#reactions button", "1")
    await host.page.click("#tab-pins")
    await host.page.get_by_label("Note").fill("Read this")
    await host.page.keyboard.press("Enter")
    await listener.says("#pins", "Read this")


async def has_the_floor(host: Visit, name: str) -> None:
    """Waits until somebody who talks alone has talked for long enough to be a chapter."""
    seconds = _SPOKEN.format(name=name)
    until_s = int(await host.page.evaluate(seconds)) + SPOKEN_S
    await host.until(f"{seconds} >= {until_s}", f"{name} has talked for {SPOKEN_S} s")


async def finds(browsers: Browsers, house: Whole, *names: str) -> None:
    """Somebody who comes later hears the recording, with these names among its chapters, and sees what was pinned."""
    async with visit(browsers.plain, house.audience(SPACE)) as later:
        for name in names:
            await later.says("#chapters", name)
        await later.says("#pins", "Read this")
        await later.page.locator("#chapters button").first.click()
        await later.flows("#recording audio")
        later.calm()


async def leaves(host: Visit, house: Whole) -> None:
    """Takes what the house knows of her along, and deletes the account."""
    await host.page.goto(at(house, "/account"))
    files: set[str] = set()
    host.page.on("download", lambda download: files.add(download.suggested_filename))
    await host.page.click("#export")
    await eventually(lambda: files == {"stentor-hopper.json", "stentor-hopper.zip"}, "both files come")
    await host.page.fill("#leave [name=handle]", "hopper")
    await host.page.click("#leave button")
    await host.says("h1", "Your account is deleted")
    await host.says("#state", "Everything is done")
    await host.says("header .who", "Sign in")
