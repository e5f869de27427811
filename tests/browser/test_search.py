"""Searching, and bringing files along, in a browser: by keyboard, on a telephone, without JavaScript, in German."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_people import at, invitation
from tests.support.axe import violations
from tests.support.wait import PATIENCE_S, patiently
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
OURS = {"Sec-Fetch-Site": "same-origin"}
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "locale": "de"}
DESK: Any = {"viewport": {"width": 1440, "height": 900}, "locale": "de"}


async def somebody(house: Whole, handle: str) -> httpx.Cookies:
    """Who has posted something, and is signed in."""
    link = await invitation(house, "member")
    body = {"handle": handle, "name": handle.title(), "password": "several words together"}
    async with httpx.AsyncClient(
        base_url=at(house, "/api/v1"), headers=OURS, trust_env=False, timeout=PATIENCE_S
    ) as http:
        made = await http.post("/sign-up", json={**body, "invitation": link.partition("=")[2]})
        assert made.is_success, made.text
        for said in (
            "Abends durch Köln #rheinland",
            "Morgens durch Köln",
            "Ein langes Wort: Donaudampfschifffahrt" * 4,
        ):
            assert (await http.post("/posts", json={"text": said})).is_success
        async for _ in patiently():
            if len((await http.get("/search", params={"q": "koeln", "kind": "posts"})).json()["posts"]) == 2:
                break
        return http.cookies


async def shown(page: Any, name: str) -> None:
    """Axe finds nothing, light and dark, and nothing sticks out; a picture where somebody wants to look at it."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        found = await violations(page)
        assert not found, f"{name}, {scheme}: {found}"
        if folder := os.environ.get("LOOK_AT"):
            await page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
async def test_search_and_bring(house: Whole, browsers: Browsers, script: bool) -> None:
    cookies = await somebody(house, f"sucht-{int(script)}")
    for kind, look in (("phone", PHONE), ("desk", DESK)):
        context = await browsers.plain.new_context(java_script_enabled=script or kind == "desk", **look)
        await context.add_cookies([{"name": n, "value": v, "url": at(house, "/")} for n, v in cookies.items()])
        page = await context.new_page()
        await page.goto(at(house, "/home" if kind == "desk" else "/search"))
        field = page.locator("form[role=search] input[name=q]").first
        await field.focus()
        await page.keyboard.type("koeln")
        await page.keyboard.press("Enter")
        await page.locator("article:has-text('Morgens durch Köln')").wait_for()
        assert "Beiträge" in await page.inner_text("nav.tabs")
        if script:
            await shown(page, f"search-{kind}")
        await page.goto(at(house, "/search?q=nichtsdergleichen"))
        assert "nichts gefunden" in await page.inner_text("main")
        await page.goto(at(house, "/home/imports"))
        await page.locator("input[type=file]").set_input_files(
            {"name": "following_accounts.csv", "mimeType": "text/csv", "buffer": b"niemand@anderswo.example\n"}
        )
        async with page.expect_navigation():
            await page.locator("form[enctype] button").press("Enter")
        await page.locator("li.move:has-text('following_accounts.csv')").first.wait_for()
        link = page.locator("li.move a").first
        await link.focus()
        await page.keyboard.press("Enter")
        async for _ in patiently():
            if "nicht mit anderen verbunden" in await page.inner_text("main"):
                break
            await page.reload()
        assert "niemand@anderswo.example" in await page.inner_text("main")
        if script:
            await shown(page, f"imported-{kind}")
            await page.goto(at(house, "/home/imports"))
            await shown(page, f"imports-{kind}")
            await page.goto(at(house, "/search"))
            await shown(page, f"search-empty-{kind}")
        await context.close()
