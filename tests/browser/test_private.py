"""A private space in a browser: the entrance, the page below the key, the sound, and what somebody else is told."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import FilePayload

from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import visit
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
AUDIO = "document.querySelector('#audio')"
PASSWORD = "open sesame"


async def test_who_has_the_password_hears_and_nobody_else_learns_of_it(house: Whole, browsers: Browsers) -> None:
    """In by the form, the sound plays, nothing but the key's addresses is asked for; a new password ends it."""
    wish = {"title": "Quiet plans", "host_name": "Ada", "language": "en", "visibility": "password"}
    made = await house.call("POST", "/spaces", {**wish, "password": PASSWORD})
    space = made["space"]["id"]
    await house.call("POST", f"/spaces/{space}/doors")
    entrance = house.audience(space).replace("/s/", "/enter/")
    async with visit(browsers.plain, entrance) as listener:
        asked: list[str] = []
        listener.page.on("request", lambda request: asked.append(request.url))
        await listener.page.fill("#word", PASSWORD)
        await listener.page.get_by_role("button", name="Listen", exact=True).click()
        await listener.page.wait_for_url(re.compile(rf"/s/{space}/k/[0-9a-f]{{32}}$"))
        await listener.says("#title", "Quiet plans")
        await listener.page.click("#play")
        await listener.until(f"{AUDIO}.currentTime > 1", "it plays")
        below = [url for url in asked if f"/s/{space}" in url]
        assert below
        assert all(f"/s/{space}/k/" in url for url in below)
        async with visit(browsers.plain, house.audience(space)) as stranger:
            await stranger.says("h1", "Not found")
            stranger.watch.complaints.clear()
        change = {"visibility": "password", "password": "another one"}
        await house.call("PUT", f"/spaces/{space}/visibility", change)
        await listener.until(f"!({AUDIO}.currentTime > 0) || {AUDIO}.paused || {AUDIO}.ended", "it ends")
        listener.watch.complaints.clear()


async def test_a_copied_ticket_says_why_it_went_quiet(house: Whole, browsers: Browsers) -> None:
    """The newer browser is heard, and stays so: the other does not take the place back by itself, but reads why, and
    its person takes it with one press."""
    wish = {"title": "Quiet plans", "host_name": "Ada", "language": "en", "visibility": "tickets"}
    space = (await house.call("POST", "/spaces", wish))["space"]["id"]
    [ticket] = (await house.call("POST", f"/spaces/{space}/tickets", {"names": ["Grace"]}))["tickets"]
    await house.call("POST", f"/spaces/{space}/doors")
    entrance = house.audience(space).replace("/s/", "/enter/")
    here = re.compile(rf"/s/{space}/k/[0-9a-f]{{32}}$")
    async with visit(browsers.plain, entrance) as first:
        await first.page.fill("#word", ticket["code"])
        await first.page.get_by_role("button", name="Listen", exact=True).click()
        await first.page.wait_for_url(here)
        await first.page.click("#play")
        await first.until(f"{AUDIO}.currentTime > 1", "it plays")
        async with visit(browsers.plain, "about:blank") as second:
            await second.page.context.add_cookies(await first.page.context.cookies())  # type: ignore[arg-type]
            await second.page.goto(entrance)
            await second.page.wait_for_url(here)
            await second.page.click("#play")
            await second.until(f"{AUDIO}.currentTime > 1", "it plays in the other browser")
            await first.page.wait_for_url(re.compile(rf"/enter/{space}\?elsewhere$"))
            await first.says("#problem", "being used on another device")
            await open_to_all(first, "a ticket that is used elsewhere")
            await second.flows()
            await first.page.get_by_role("link", name="Listen here instead").click()
            await first.page.wait_for_url(here)
            await first.page.click("#play")
            await first.until(f"{AUDIO}.currentTime > 1", "it plays here again")
            await second.page.wait_for_url(re.compile(rf"/enter/{space}\?elsewhere$"))
            second.watch.complaints.clear()
        first.watch.complaints.clear()


async def test_a_link_to_a_seat_opens_the_stage_of_a_private_space(house: Whole, browsers: Browsers) -> None:
    """The token stands behind the #: with it the browser gets a pass, and the page; without it there is none."""
    wish = {"title": "Quiet plans", "host_name": "Ada", "language": "en", "visibility": "members"}
    made = await house.call("POST", "/spaces", wish)
    stage = f"http://127.0.0.1:{house.settings.port}/stage/{made['space']['id']}"
    link = made["invitation"]["link"]
    assert "#t=" in link
    for address in (f"{stage}#token={made['invitation']['token']}", f"{stage}#{link.partition('#')[2]}"):
        async with visit(browsers.reader, address) as host:
            await host.says("#title", "Quiet plans")
            host.watch.complaints.clear()
    async with visit(browsers.plain, stage) as stranger:
        await stranger.says("h1", "No such space")
        stranger.watch.complaints.clear()


async def test_hosts_make_and_withdraw_tickets_and_block_listeners(house: Whole, browsers: Browsers) -> None:
    """Out of a file and by hand, on a page that the stage leads to; the list with codes opens the space, and a ticket
    that is withdrawn does not. Who is blocked stands there until they are let in."""
    wish = {"title": "Quiet plans", "host_name": "Ada", "language": "en"}
    made = await house.call("POST", "/spaces", wish)
    space = made["space"]["id"]
    stage = f"http://127.0.0.1:{house.settings.port}/stage/{space}"
    async with visit(browsers.reader, f"{stage}#token={made['invitation']['token']}") as host:
        await host.says("#title", "Quiet plans")
        await host.page.goto(f"{stage}/listeners")
        await host.page.select_option("#visibility", "tickets")
        await host.page.click("#choice button")
        await host.page.wait_for_selector("#tickets-part:not([hidden])")
        await host.page.fill("#tickets-form textarea", "Grace\nJoan")
        await host.page.click("#tickets-form button")
        await host.says("#made-count", "2 tickets made.")
        names: FilePayload = {
            "name": "guests.csv",
            "mimeType": "text/csv",
            "buffer": b'\xef\xbb\xbf"Hopper, Grace",x\r\nMary;y\r\n',
        }
        await host.page.set_input_files("#tickets-form input[type=file]", files=[names])
        await host.page.click("#tickets-form button")
        await host.says("#tickets-count", "4 tickets, 0 used")
        listed = await host.page.locator("#tickets li").all_inner_texts()
        await open_to_all(host, "who may listen")
        assert ["Hopper, Grace" in listed[2], "Mary" in listed[3]] == [True, True]
        async with host.page.expect_download() as saved:
            await host.page.click("#made-file")
        codes = (await (await saved.value).path()).read_text("utf-8-sig")
        assert len(codes.splitlines()) == 5
        await host.page.get_by_role("button", name="Withdraw: 1 Grace").click()
        await host.says("#tickets-count", "3 tickets, 0 used")
        await host.page.reload()  # the pass from before the choice is void, and the link gets another one
        await host.says("#tickets-count", "3 tickets, 0 used")
        joan, grace = codes.splitlines()[2].split(","), codes.splitlines()[1].split(",")
        async with visit(browsers.plain, joan[3]) as listener:
            await listener.page.get_by_role("button", name="Listen", exact=True).click()
            await listener.page.wait_for_url(re.compile(rf"/s/{space}/k/[0-9a-f]{{32}}$"))
        async with visit(browsers.plain, grace[3]) as listener:
            await listener.page.get_by_role("button", name="Listen", exact=True).click()
            await listener.says("#problem", "opens nothing here")
            listener.watch.complaints.clear()
        await host.page.fill("#out-form input", "nobody-here")
        await host.page.click("#out-form button")
        await host.says("#problem", "nobody with this handle")
        host.watch.complaints.clear()


async def test_a_new_space_asks_who_may_listen(house: Whole, browsers: Browsers) -> None:
    """With a field for the password where one is needed, and what the choice means beside it."""
    async with visit(browsers.plain, await invitation(house, "moderator")) as host:
        await sign_up(host, "Petra", "petra")
        await host.page.goto(at(house, "/mine"))
        await host.page.fill("#create-form [name=title]", "Quiet evening")
        await host.page.select_option("#visibility", "invited")
        await host.says("#visibility-said", "people on your list")
        assert not await host.page.is_visible("#password")
        await host.page.select_option("#visibility", "password")
        await host.page.fill("#password", PASSWORD)
        await host.page.click("#create-do")
        await host.says("#created", "Created.")
        await host.says("#spaces", "Quiet evening")
    [found] = [each for each in (await house.call("GET", "/spaces"))["spaces"] if each["title"] == "Quiet evening"]
    assert (await house.call("GET", f"/spaces/{found['id']}"))["visibility"] == "password"
