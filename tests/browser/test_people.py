"""Accounts as people meet them: a passkey from a virtual authenticator, from signing up to deletion."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from stentor.base import config
from stentor.people.model import FRESH_MS
from tests.browser.conftest import Browsers
from tests.support.browser import Visit, visit
from tests.support.house import age_sessions
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def with_passkeys(page: Visit) -> None:
    """Gives the page's browser a device that keeps passkeys and always says yes."""
    client = await page.page.context.new_cdp_session(page.page)
    await client.send("WebAuthn.enable")
    await client.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def at(house: Whole, path: str) -> str:
    """A page at the address that passkeys belong to."""
    return f"{house.settings.house_address}{path}"


async def test_the_stage_page_is_told_and_does_not_ask(house: Whole, browsers: Browsers) -> None:
    """What another changes is shown, and the only request for it was the one of the stream."""
    token = (await house.space("told"))["host"]
    asked: list[str] = []
    async with visit(browsers.plain, at(house, "/icon.svg")) as page:
        page.page.on("request", lambda request: asked.append(request.url))
        await page.page.goto(at(house, f"/stage/told#token={token}"))
        await page.says("#people", "host")
        await house.call("POST", "/spaces/told/live")
        await page.until("document.querySelector('#state').dataset.state === 'live'", "what another pressed is shown")
        await page.until("document.querySelector('#lights').children.length === 3", "lights are shown")
        await asyncio.sleep(3)
        assert not [url for url in asked if url.endswith("/spaces/told")], "the page asks for the whole view"
        assert len([url for url in asked if url.endswith("/stream")]) == 1


async def test_a_host_chooses_how_long_the_recording_is_kept(house: Whole, browsers: Browsers) -> None:
    """The page says until when; the list of spaces says how much room recordings take."""
    token = (await house.call("POST", "/spaces", {"id": "kept", "title": "Kept"}))["invitation"]["token"]
    async with visit(browsers.plain, at(house, f"/stage/kept#token={token}")) as page:
        await page.says("#keep-now", "kept forever")
        await page.page.click("#settings-open")
        await page.page.select_option("#keep-recording", label="7 days")
        await page.says("#keep-now", "kept for 7 days after the end")
    assert (await house.call("GET", "/spaces/kept"))["keep"]["recording"] == 7
    async with visit(browsers.plain, at(house, "/admin")) as page:
        await page.page.fill("#admin-form input", config.admin_token(house.settings))
        await page.page.click("#admin-form button")
        await page.says("#storage", "Recordings take")


async def invitation(house: Whole, role: str) -> str:
    made: dict[str, Any] = await house.call("POST", "/site/invitations", {"role": role})
    return str(made["link"])


async def sign_up(page: Visit, name: str, handle: str) -> list[str]:
    """Makes an account by passkey; returns the recovery codes."""
    await with_passkeys(page)
    await page.page.fill("[name=name]", name)
    await page.page.fill("[name=handle]", handle)
    await page.page.click("button[value=passkey]")
    await page.until("!document.querySelector('#done').hidden", "the recovery codes are shown")
    return await page.page.locator("#codes code").all_inner_texts()


async def follow(page: Visit, selector: str, path: str) -> None:
    """Presses what leads to another page, and waits for that."""
    await page.page.click(selector)
    await page.page.wait_for_url(re.compile(rf"^http://[^/?]+{path}$"), wait_until="domcontentloaded")


async def test_from_sign_up_to_deletion(house: Whole, browsers: Browsers) -> None:
    """A passkey signs up and in; sessions end where one says so; a recovery code helps out; deletion is for good."""
    async with visit(browsers.plain, await invitation(house, "moderator")) as page:
        codes = await sign_up(page, "Ada Lovelace", "ada")
        assert len(codes) == 10
        async with page.page.expect_download() as download:
            await page.page.click("#codes-take button >> nth=1")
        assert (await download.value).suggested_filename.startswith("recovery-codes-")
        kept = await (await download.value).path()
        assert await asyncio.to_thread(Path(kept).read_text) == "".join(f"{code}\n" for code in codes)
        await follow(page, "#done a", "/account")
        await page.says("header .who", "Ada Lovelace")
        await page.says("#handle", "@ada")
        await page.says("#sessions", "Chrome on Linux")
        await page.until("document.querySelectorAll('#passkeys li').length === 1", "the passkey is listed")
        await follow(page, "#sign-out", "/")
        await page.says("header .who", "Sign in")
        await page.page.goto(at(house, "/account"))
        assert page.page.url.endswith("/sign-in?next=/account")
        await follow(page, "#by-passkey", "/account")
        await page.says("h1", "Your account")
        async with visit(browsers.plain, at(house, "/sign-in")) as other:
            await other.page.click("summary")
            await other.page.fill("#by-code [name=handle]", "ada")
            await other.page.fill("#by-code [name=recovery_code]", codes[0])
            await follow(other, "#by-code button", "/")
            await other.says("header .who", "Ada Lovelace")
            await page.page.reload()
            await page.until("document.querySelectorAll('#sessions li').length === 2", "both sessions are listed")
            await page.says("#codes-left", "9")
            await page.page.click("#sessions-end")
            await page.until("document.querySelectorAll('#sessions li').length === 1", "the other session has ended")
            await other.page.reload()
            await other.says("header .who", "Sign in")
            other.calm()
        age_sessions(house.settings, FRESH_MS + 1000)
        async with page.page.expect_download() as download:
            await page.page.click("#export")
            await page.page.click("#again-passkey")
        assert (await download.value).suggested_filename == "stentor-ada.json"
        age_sessions(house.settings, FRESH_MS + 1000)
        await page.page.fill("#leave [name=handle]", "ada")
        await page.page.click("#leave button")
        await page.page.click("#again-passkey")
        await page.says("h1", "Your account is deleted")
        await page.says("#state", "Everything is done")
        await page.says("#steps", "Your picture")
        await page.says("header .who", "Sign in")
        await page.page.goto(at(house, "/sign-in"))
        await page.page.click("#by-passkey")
        await page.says("#problem", "no account with this passkey")
        page.calm(but=("401", "403"))


async def test_a_moderator_bans_for_good_from_the_stage(house: Whole, browsers: Browsers) -> None:
    """Asked twice; then the seat is gone, and whoever had it is signed out and refused. Nobody else has the button."""
    tokens = await house.space("banning", "mira", "troll")
    async with (
        visit(browsers.plain, await invitation(house, "moderator")) as mira,
        visit(browsers.plain, await invitation(house, "member")) as troll,
    ):
        for page, name in ((mira, "mira"), (troll, "troll")):
            await sign_up(page, name.title(), name)
            await page.page.goto(at(house, f"/stage/banning#token={tokens[name]}"))
            await page.page.click("#claim")
            await page.until("document.querySelector('#claim').hidden", "the seat is the account's")
            await page.page.goto(at(house, "/stage/banning"))
            await page.until("document.querySelectorAll('#people li').length === 3", "the seats are shown")
        assert await troll.page.get_by_text("Remove and ban from the site").count() == 0
        row = mira.page.locator("#people li", has_text=re.compile("^troll"))
        await row.locator("summary").click()
        await row.get_by_role("button", name="Remove and ban from the site").click()
        assert "suspend troll's account" in await mira.sure(False)
        assert await row.count() == 1
        await row.get_by_role("button", name="Remove and ban from the site").click()
        await mira.sure()
        await mira.until("document.querySelectorAll('#people li').length === 2", "the seat is gone")
        await troll.page.goto(at(house, "/account"))
        assert "/sign-in" in troll.page.url
        await troll.page.click("#by-passkey")
        await troll.says("#problem", "suspended")
        mira.calm()
    accounts = (await house.call("GET", "/accounts"))["accounts"]
    assert [each["handle"] for each in accounts if each["suspended"]] == ["troll"]


async def test_an_admin_rules_over_accounts(house: Whole, browsers: Browsers) -> None:
    """Found by handle, suspended and out at once, restored, raised, deleted; one's own row has no such buttons."""
    mallory = "#accounts [data-handle=mallory]"
    async with (
        visit(browsers.plain, await invitation(house, "admin")) as page,
        visit(browsers.plain, await invitation(house, "member")) as other,
    ):
        await sign_up(page, "Root", "root")
        await sign_up(other, "Mallory", "mallory")
        await page.page.goto(at(house, "/account"))
        await follow(page, "header a[href='/admin']", "/admin")
        await follow(page, ".sections a[href='/accounts']", "/accounts")
        await page.until("document.querySelector('[data-handle=root]')", "one's own account is listed")
        assert await page.page.locator("[data-handle=root] :is(button, select)").count() == 0
        await page.page.fill("#search", "@mall")
        await page.says("#found", "1 of 1")
        await page.page.click(f"{mallory} [data-verb=suspend]")
        await page.sure()
        await page.says(mallory, "suspended")
        await other.page.goto(at(house, "/account"))
        assert "/sign-in" in other.page.url
        await page.page.click(f"{mallory} [data-verb=suspend]")
        await page.until(f"!document.querySelector('{mallory}').textContent.includes('suspended')", "restored")
        async with page.page.expect_response(lambda reply: reply.request.method == "PATCH"):
            await page.page.select_option(f"{mallory} select", "moderator")
        roles = {each["handle"]: each["role"] for each in (await house.call("GET", "/accounts"))["accounts"]}
        assert roles["mallory"] == "moderator"
        await page.page.click(f"{mallory} [data-verb=delete]")
        await page.sure()
        await page.says("#found", "0 of 0")
        await page.says("#deletions", "Deleted person")
        await page.says("#record", "deleted the account Deleted person")
        page.calm()


async def test_the_host_needs_no_link(house: Whole, browsers: Browsers) -> None:
    """A space that a moderator makes is theirs: the list leads to the stage, which takes them by their session."""
    async with visit(browsers.reader, await invitation(house, "moderator")) as page:
        await sign_up(page, "Grace", "grace")
        await page.page.goto(at(house, "/"))
        await page.page.fill("#create-form [name=title]", "Compilers")
        await page.page.click("#create-form button")
        await page.until("document.querySelector('a[href=\"/stage/compilers\"]')", "the list leads to the stage")
        await follow(page, 'a[href="/stage/compilers"]', "/stage/compilers")
        await page.says("#you", "Grace (host)")
        await page.page.click("#host-buttons button")
        await page.page.click("#join")
        await page.says("#status", "You are on the stage")
        await house.call("POST", "/spaces/compilers/end")
        page.calm(but=("503",))  # a stage that has not heard of the space yet


async def test_a_guest_keeps_the_seat(house: Whole, browsers: Browsers) -> None:
    """Who has a link and an account makes the seat the account's, and stays on the stage; the link opens nothing."""
    tokens = await house.space("claimed", "guest")

    def connected(view: dict[str, Any]) -> bool:
        return any(seat["name"] == "guest" and seat["state"] == "connected" for seat in view["seats"])

    async with visit(browsers.reader, await invitation(house, "member")) as page:
        await sign_up(page, "Mary", "mary")
        await page.page.goto(at(house, f"/stage/claimed#token={tokens['guest']}"))
        await page.says("#you", "guest")
        await page.page.click("#join")
        await page.says("#status", "You are on the stage")
        await page.page.click("#claim")
        joined_again = re.compile(r"/whip/claimed$")
        async with page.page.expect_response(joined_again) as joining:
            await page.until("document.querySelector('#claim').hidden", "the seat is the account's")
        assert "authorization" not in await (await joining.value).request.all_headers()
        await page.says("#status", "You are on the stage")
        await house.until("claimed", connected, "the speaker is on the stage by the session")
        async with visit(browsers.plain, at(house, f"/stage/claimed#token={tokens['guest']}")) as other:
            await other.says("#blocked", "This link no longer works")
        await page.page.goto(at(house, "/"))
        await page.page.goto(at(house, "/stage/claimed"))
        await page.says("#you", "guest")
        page.calm(but=("503",))  # a stage that has not heard of the space yet
    await house.call("POST", "/spaces/claimed/end")


@pytest.mark.parametrize("locale", ["en", "de"])
async def test_a_narrow_page(house: Whole, browsers: Browsers, locale: str) -> None:
    """Nothing sticks out at 360 pixels, and every field has a label."""
    size = {"width": 360, "height": 740}
    link = await invitation(house, "admin")
    async with visit(browsers.plain, link, viewport=size, locale=locale) as page:
        await sign_up(page, "Nora " + "N" * 60, f"nora-{locale}")
        for path in ("/account", "/sign-in", "/sign-up", "/"):
            await page.page.goto(at(house, path))
            await page.until("document.documentElement.scrollWidth <= 360", f"{path} fits")
            fields = "[...document.querySelectorAll('input, select, textarea')]"
            await page.until(
                f"{fields}.every(each => each.labels.length || each.ariaLabel)", f"all fields of {path} have labels"
            )
        page.calm()
