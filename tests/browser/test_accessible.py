"""Everybody can use the pages: what axe-core finds, the keyboard alone, narrow, with longer words, light, dark."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
import pytest
from playwright.async_api import ViewportSize

from stentor.audio.pcm import Samples
from stentor.base.detached import Detached
from stentor.crowd.orders import Orders
from stentor.evidence.report import kept_key
from stentor.spaces.model import State
from tests.browser.conftest import Browsers
from tests.browser.test_people import at, invitation, sign_up
from tests.support.axe import CONTRAST, RULES, violations
from tests.support.browser import RATE_HZ, Visit, visit, write_wav
from tests.support.edge import SECRET, Rig, edge, live_space
from tests.support.pseudo import too_long
from tests.support.recorded import record, recorded_space
from tests.support.whole import Whole
from tests.unit.evidence.test_report import made

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
NARROW, WIDE = ViewportSize(width=360, height=740), ViewportSize(width=1440, height=900)
LOOKS: Final[list[tuple[Literal["light", "dark"], ViewportSize, Sequence[str]]]] = [
    ("light", NARROW, RULES),
    ("light", WIDE, CONTRAST),
    ("dark", NARROW, CONTRAST),
    ("dark", WIDE, RULES),
]
"""Each width is looked at for everything, and each width in each scheme for what the scheme changes."""

_FOCUS = """() => {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");
  const within = document.querySelector("dialog[open]") ?? document;
  const choice = (element) => element.type !== "radio" || element.checked; // arrow keys lead to the others of its group
  const can = [...within.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((element) => seen(element) && !element.disabled && element.tabIndex >= 0 && choice(element));
  can.forEach((element, number) => { element.dataset.testFocus = number; });
  return can.map((element) => element.outerHTML.slice(0, 120));
}"""
_FOCUSED = """() => {
  const here = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(here);
  const shown = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
  return [here.dataset.testFocus ?? "", shown];
}"""


async def open_to_all(page: Visit, name: str) -> None:
    """Fails when axe-core finds anything, or something sticks out, in any look; or the keyboard does not reach all."""
    found = []
    for scheme, size, rules in LOOKS:
        await page.page.emulate_media(color_scheme=scheme)
        await page.page.set_viewport_size(size)
        look = f"{name}, {scheme}, {size['width']} px"
        found += [f"{look}: {violation}" for violation in await violations(page.page, rules)]
        wide = int(await page.page.evaluate("document.documentElement.scrollWidth"))
        found += [f"{look}: sticks out to {wide} px"] if wide > size["width"] else []
        if scheme == "light" and size is NARROW:
            found += [f"{look}, in longer words: {complaint}" for complaint in await too_long(page.page)]
    found += [f"{name}: {complaint}" for complaint in await by_keyboard(page)]
    assert not found, "\n".join(found)


async def by_keyboard(page: Visit) -> list[str]:
    """What the Tab key does not reach, or reaches without showing it."""
    wanted: dict[str, str] = {str(number): html for number, html in enumerate(await page.page.evaluate(_FOCUS))}
    await page.page.evaluate("document.activeElement?.blur()")
    complaints, reached = [], set()
    for _ in range(len(wanted) + 30):  # the parts of a player or of a date have stops of their own
        await page.page.keyboard.press("Tab")
        found: Any = await page.page.evaluate(_FOCUSED)
        number, shown = str(found[0]), bool(found[1])
        if number and number not in reached and not shown:
            complaints.append(f"focus is not shown: {wanted.get(number)}")
        reached.add(number)
        if wanted.keys() <= reached:
            break
    return complaints + [f"not reached: {html}" for number, html in wanted.items() if number not in reached]


async def _servers(page: Visit, house: Whole) -> None:
    """Rules for other servers: one by one, and a list that is looked at before it is used."""
    await page.page.goto(at(house, "/admin/servers"))
    await page.says("#servers", "No rules are set for any server.")
    await page.page.fill("[name=domain]", "Loud.example")
    await page.page.select_option("[name=severity]", "limit")
    await page.page.fill("[name=comment]", "Too loud")
    await page.page.click("#set .primary")
    await page.says("#servers", "loud.example limited (people known here: 0, follows: 0)")
    rows = b"#domain,#severity\nloud.example,suspend\nbad.example,suspend\nh**n.example,suspend\n"
    await page.page.set_input_files("[name=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": rows})
    await page.page.click("#list .primary")
    await page.says("#sums", "Rows that would change something: 2. Already this strict: 0. Left out: 1.")
    await page.page.click("#left summary")
    await open_to_all(page, "servers")
    await page.page.uncheck("#rows [value='loud.example']")
    await page.page.click("#take")
    await page.says("#notice", "The list is applied. Rows: 1.")
    await page.says("#servers", "bad.example blocked")
    await page.page.click("#servers li:first-child .danger")
    await page.sure()
    await page.says("#notice", "bad.example is treated like any other server again.")


async def test_the_pages_of_the_design(house: Whole, browsers: Browsers) -> None:
    """Every part of the pages of the house, in every state."""
    async with visit(browsers.plain, at(house, "/admin/design")) as page:
        for part in ("", "/posts", "/frame", "/stage", "/pages"):
            await page.page.goto(at(house, f"/admin/design{part}"))
            await open_to_all(page, f"design{part}")


async def test_the_pages_of_the_house(house: Whole, browsers: Browsers) -> None:
    """Signed out and signed in: the list, the stage, asking to speak, all about accounts, and what is not there."""
    tokens = await house.space("access", "guest")
    async with visit(browsers.plain, at(house, "/sign-in")) as page:
        await open_to_all(page, "sign-in")
        await page.page.goto(at(house, "/ask/access"))
        await page.until("!document.querySelector('#ask-form').hidden", "one can ask")
        await open_to_all(page, "ask")
        await page.page.goto(at(house, "/stage/nowhere"))
        await open_to_all(page, "no such space")
        await page.page.goto(at(house, f"/stage/access#token={tokens['host']}"))
        await page.until("document.querySelectorAll('#people li').length === 2", "the seats are shown")
        await open_to_all(page, "stage")
        await page.page.goto(await invitation(house, "admin"))
        await open_to_all(page, "sign-up")
        await sign_up(page, "Accessible", "accessible")
        await open_to_all(page, "recovery codes")
        await page.page.goto(at(house, "/account"))
        await page.until("document.querySelectorAll('#sessions li').length === 1", "the session is listed")
        await open_to_all(page, "account")
        await page.page.fill("#token [name=name]", "A script of mine")
        await page.page.click("#token button")
        await page.until("document.querySelector('#tokens li')", "the token is listed")
        await open_to_all(page, "a token that was just made")
        await page.page.goto(at(house, "/mine/shows"))
        await page.until("document.querySelector('#new [name=language]').options.length > 1", "languages are offered")
        await page.page.fill("#new [name=title]", "A series")
        week = datetime.now(UTC) + timedelta(days=7)
        await page.page.fill("#new [name=starts]", week.strftime("%Y-%m-%dT20:00"))
        await page.page.fill("#new [name=zone]", "Europe/Berlin")
        await page.page.select_option("#new [name=language]", "en")
        await page.page.click("#new button")
        await page.says("#said", "with its first dates")
        await page.page.click("#shows button")
        await page.until("!document.querySelector('#one').hidden", "its dates are shown")
        await open_to_all(page, "series")
        await page.page.goto(at(house, "/accounts"))
        await page.until("document.querySelector('#accounts li')", "the accounts are listed")
        await open_to_all(page, "accounts")
        await page.page.goto(at(house, "/admin"))
        shown = "document.querySelector('#live time')?.textContent"
        await page.until(f"{shown} && !{shown}.includes('UTC')", "times are the reader's own")
        await page.page.evaluate("document.querySelector('#live').dataset.old = 'true'")
        await page.until("!document.querySelector('#live').dataset.old", "it is asked for anew")
        await open_to_all(page, "overview")
        await page.page.goto(at(house, "/admin/backups"))
        await page.page.click("#make")
        await page.says("#notice", "finished and has been checked")
        await open_to_all(page, "backups")
        await page.page.goto(at(house, "/admin/groups"))
        await page.page.fill("[name=group]", "cn=desk,ou=newsroom")
        await page.page.select_option("[name=role]", "moderator")
        await page.page.click("#add .primary")
        await page.says("#groups", "cn=desk,ou=newsroom moderator")
        await open_to_all(page, "groups")
        await page.page.click("#groups button")
        await page.sure()
        await page.says("#groups", "No group has a role yet.")
        await _servers(page, house)
        await page.page.goto(at(house, "/admin/webhooks"))
        await page.page.fill("[name=url]", "https://hooks.invalid/stentor")
        await page.page.select_option("[name=events]", ["space.went_live"])
        await page.page.click("#add .primary")
        await page.says("#secret", "whsec_")
        await page.page.click("#webhooks button:nth-of-type(2)")
        await page.says("#notice", "on its way")
        await page.page.click("#webhooks button:nth-of-type(1)")
        await page.until("!document.querySelector('#log').hidden", "the log is shown")
        await open_to_all(page, "webhooks")
        await page.page.goto(at(house, "/admin/mail"))
        await open_to_all(page, "mail")
        await page.page.goto(at(house, "/account/lost"))
        await open_to_all(page, "a lost passkey")
        wish = {"client_name": "Lark", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
        app = await (await page.page.request.post(at(house, "/api/v1/apps"), data=wish)).json()
        asked = f"client_id={app['client_id']}&response_type=code&redirect_uri={app['redirect_uri']}&scope=read"
        await page.page.goto(at(house, f"/oauth/authorize?{asked}"))
        await open_to_all(page, "an app asks")
        await page.page.click("[name=yes]")
        await open_to_all(page, "the code for an app")
        await page.page.goto(at(house, "/account/apps"))
        await open_to_all(page, "apps")
        await page.page.goto(at(house, "/admin/tonight"))
        await page.page.select_option("#listeners", "0")
        await page.page.click("#start")
        await page.says("#results", "Without a rehearsal")
        await open_to_all(page, "ready for tonight")
        await page.page.goto(at(house, "/admin/site"))
        await page.until("document.querySelector('[name=name]').value === 'Stentor'", "what is set is shown")
        await page.says("#attack-said", "There is none")
        await page.page.fill("[name=accent]", "#ffcc00")
        await page.page.click("#site .primary")
        await page.says("#accent-said", "would be hard to read on light pages")
        await open_to_all(page, "site")
        await house.call("PATCH", "/site", {"accent": ""})
        await page.page.goto(at(house, "/account"))
        await page.page.evaluate("document.querySelector('#again').showModal()")
        await open_to_all(page, "signing in once more")
        await page.page.goto(at(house, "/"))
        await page.until("document.querySelector('#spaces [data-verb]')", "the buttons of an admin are there")
        await open_to_all(page, "spaces")
        await page.page.click("[data-verb=invite]")
        await open_to_all(page, "inviting")
    await house.call("POST", "/spaces/access/end")


async def test_the_pages_of_the_audience(house: Whole, browsers: Browsers) -> None:
    """Waiting, the live stream, nothing there."""
    tomorrow = round(time.time() * 1000) + 86_400_000
    await house.call("POST", "/spaces", {"id": "later", "title": "Later", "scheduled_ms": tomorrow})
    await house.space("now")
    async with visit(browsers.plain, house.audience("later")) as page:
        await page.until("document.querySelector('#headline').textContent", "the time is told")
        await open_to_all(page, "waiting")
        await page.page.goto(house.audience("now"))
        await page.says("#state", "Doors")
        await open_to_all(page, "live")
        await page.page.goto(house.audience("nowhere"))
        await open_to_all(page, "no such space for the audience")
        await page.page.goto(f"http://127.0.0.1:{house.settings.audience_port}/parts?lang=de")
        await open_to_all(page, "parts of the listener's page")
        await page.page.goto(f"http://127.0.0.1:{house.settings.audience_port}/parts-front?lang=de")
        await open_to_all(page, "parts of the front page")
    await house.call("POST", "/spaces/now/end")


async def test_the_stage_while_things_go_on(
    house: Whole, browsers: Browsers, voices: dict[str, Samples], tmp_path: Path
) -> None:
    """A sound that plays, what can be done with a seat, a limited door with a pass, somebody shut out."""
    file = write_wav(tmp_path / "A word.wav", np.tile(voices["cards"], 6)[: 55 * RATE_HZ])
    tokens = await house.space("busy", "guest", "other")
    banned = next(seat["id"] for seat in (await house.call("GET", "/spaces/busy"))["seats"] if seat["name"] == "other")
    await house.call("PUT", f"/spaces/busy/bans/{banned}")
    await house.call("POST", "/spaces/busy/requests", {"name": "Dora"})
    await house.call("POST", "/spaces/busy/pins", {"text": "A note"})
    await house.call("POST", "/spaces/busy/backstage", {"text": "Two more minutes."})
    await house.call("PUT", "/spaces/busy/door", {"limited": True})
    async with visit(browsers.plain, at(house, f"/stage/busy#token={tokens['host']}")) as page:
        await page.page.get_by_role("button", name="Sounds").click()
        await page.page.set_input_files("#sound-file", file)
        await page.page.click("#sound-add")
        await page.page.get_by_role("button", name="Play: A word").click()
        await page.page.click("#tab-people")
        await page.page.click("#bans summary")
        await page.page.locator("#people summary").last.click()
        await page.says("#sound-now", "A word is playing")
        await open_to_all(page, "stage with much going on")
        await page.says("#sound-now", "A word is playing")
        await page.page.set_viewport_size(NARROW)
        await page.page.keyboard.press("Escape")
        await page.page.click("#drawer-open")
        assert await violations(page.page) == []
        await page.page.keyboard.press("Escape")
        await page.page.click("#settings-open")
        await page.page.click("#pass")
        await page.page.locator("#pass-link").wait_for(state="visible")
        await open_to_all(page, "settings of the stage")


async def test_outside_a_full_space(browsers: Browsers) -> None:
    """Who waits, with music and the way to follow behind."""
    async with edge(live_space(overflow_s=30), chunks=200) as rig:
        rig.channel.heed(Orders("friday", version=1, p=0.0, epoch=1, narrow_ms=1, retry_s=(60, 90), waiting=40))
        async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
            await page.page.click("#play")
            await page.says("#headline", "You're in line")
            await page.page.locator("#follow").wait_for(state="visible")
            await open_to_all(page, "outside")


async def test_the_pages_of_a_recording(browsers: Browsers) -> None:
    """The player, the page for frames, a clip."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, {range(24, 54): "ada", range(54, 96): "bob"})
        async with visit(browsers.plain, recording(rig)) as page:
            await page.until("document.querySelectorAll('#chapters li').length === 3", "all turns are there")
            await page.page.click("summary")
            await open_to_all(page, "replay")
            await page.page.goto(recording(rig, "/embed"))
            await page.until("document.querySelectorAll('#chapters li').length === 3", "all turns are there")
            await open_to_all(page, "frame")
            await page.page.goto(recording(rig, "/clip?from=8&to=16"))
            await open_to_all(page, "clip")
            told = msgspec.json.encode(made(space="friday", final=True, silent=["edge-1"]))
            await rig.objects.put(kept_key("friday"), told)
            for language in ("en", "de"):
                await page.page.goto(recording(rig, f"/report?lang={language}"))
                await open_to_all(page, f"report {language}")


async def test_the_page_of_a_space_that_has_not_begun(browsers: Browsers) -> None:
    """With the fingerprint of the key that its report will be signed with."""
    later = live_space(state=State.SCHEDULED, doors_open_ms=None, live_ms=None, scheduled_ms=2_000_000_000_000)
    async with edge(later) as rig, visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.says("#signed", Detached(SECRET).fingerprint)
        await open_to_all(page, "scheduled")


async def test_what_is_wrong_is_found(browsers: Browsers) -> None:
    """A picture without words, a grey on grey, a field that hides its focus or is left out by the keyboard."""
    faults = {
        "image-alt": '<img src="data:,">',
        "color-contrast": '<p style="color: #aaa; background: #bbb">faint</p>',
        "sticks out": '<p style="width: 2000px">wide</p>',
        "focus is not shown": '<button style="outline: none">hidden focus</button>',
        "not reached": '<input aria-label="left out" onfocus="this.blur()">',
    }
    async with visit(browsers.plain, "about:blank") as page:
        body = f"<main><h1>Faults</h1>{''.join(faults.values())}</main>"
        await page.page.set_content(f'<!doctype html><html lang="en"><title>Faults</title>{body}')
        with pytest.raises(AssertionError) as found:
            await open_to_all(page, "faults")
        assert [fault for fault in faults if fault not in str(found.value)] == []


def recording(rig: Rig, path: str = "") -> str:
    return f"http://127.0.0.1:{rig.port}/s/friday{path}"
