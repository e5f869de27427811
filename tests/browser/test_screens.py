"""Main screens look as in the pictures that were looked at (``tests/data/screens``); ``make pictures`` takes them anew.

All 48 are compared, square by square (:func:`tests.support.likeness.changed`): what moves by a few pixels, or has
another colour, is found, and the test shows that on a page itself. That needs the font in which they were taken; where
text has another, pages are compared in their structure (:func:`tests.support.likeness.distance`): it finds a style that
is not loaded, colours of the night by day, a part that is gone.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.likeness import changed, distance, reduced, squares
from tests.support.screens import LOOKS, PHONE, SCREENS, Desk, Screen, audience, file
from tests.support.screenshots import Look
from tests.support.whole import whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
FONT: Final = "DejaVu Sans"
"""What Debian draws text in that asks for the system's font."""
MOST_SQUARES: Final = 12
"""That may differ: pictures are kept compressed, and a letter more or less is no other page."""
SETTLED_S: Final = 10.0
"""Until then a page may be on its way to what it shows: a stage is heard, a number comes."""
LIMIT: Final = 0.02
"""Of the distance, for other fonts: in one with serifs a page is at 0.009, the most alike of two screens at 0.05."""
OTHERWISE: Final = {
    "a button 20 px aside": "#play { translate: 20px; }",
    "the title 20 px lower": "h1 { translate: 0 20px; }",
    "another accent": ":root { --accent: #7a3fa0; }",
    "another colour of what is said softly": ":root { --soft: #8a6d1d; }",
    "no styles": "* { all: revert !important; }",
}


async def font_of(browser: Browser) -> str:
    """The name of the font that the system's own is here."""
    async with visit(browser, "data:text/html,<p style='font-family: system-ui'>Night</p>") as page:
        chrome = await page.page.context.new_cdp_session(page.page)
        await chrome.send("DOM.enable")
        await chrome.send("CSS.enable")
        root = (await chrome.send("DOM.getDocument"))["root"]["nodeId"]
        node = (await chrome.send("DOM.querySelector", {"nodeId": root, "selector": "p"}))["nodeId"]
        fonts = (await chrome.send("CSS.getPlatformFontsForNode", {"nodeId": node}))["fonts"]
        return str(fonts[0]["familyName"])


def differs(name: str, look: Look, picture: bytes, *, exactly: bool) -> str:
    """What is other than it was on a screen, in words; empty if nothing is."""
    known = file(name, look).read_bytes()
    if not exactly:
        far = distance(reduced(picture), reduced(known))
        return f"{name} {look.width} {look.scheme}: {far:.3f} off" if far > LIMIT else ""
    where = changed(squares(picture), squares(known))
    if len(where) <= MOST_SQUARES:
        return ""
    left, top = (min(each[axis] for each in where) for axis in (0, 1))
    right, bottom = (max(each[axis] for each in where) for axis in (0, 1))
    return f"{name} {look.width} {look.scheme}: {len(where)} squares, from {left}, {top} to {right}, {bottom}"


async def compare(browser: Browser, screens: list[Screen], folder: Path) -> None:
    """Each screen in each look; what is other is kept in ``folder``, to be looked at."""
    exactly = await font_of(browser) == FONT
    wrong = []
    for screen in screens:
        for look, first in zip(LOOKS, await screen.takes(browser), strict=True):
            picture, until = first, time.monotonic() + SETTLED_S
            while (found := differs(screen.name, look, picture, exactly=exactly)) and time.monotonic() < until:
                picture = await screen.take(browser, look)
            if found:
                wrong.append(found)
                (folder / file(screen.name, look).with_suffix(".png").name).write_bytes(picture)
    assert not wrong, "\n".join([f"These look otherwise (see {folder}); if they are to: make pictures", *wrong])


async def test_pages_of_the_audience_look_as_they_did(browsers: Browsers, tmp_path: Path) -> None:
    """In all looks; and a page of which a part has moved, or has another colour, does not."""
    async with audience() as screens:
        await compare(browsers.plain, screens, tmp_path)
        live = next(screen for screen in screens if screen.name == "live")
        exactly = await font_of(browsers.plain) == FONT
        for what, style in OTHERWISE.items() if exactly else ():
            assert differs("live", PHONE, await live.take(browsers.plain, PHONE, style=style), exactly=True), what


async def test_pages_of_hosts_look_as_they_did(browsers: Browsers, tmp_path: Path) -> None:
    """In all looks, with a whole Stentor of their own."""
    async with whole(tmp_path / "data", edges=1) as house, Desk(house, browsers.plain).on() as screens:
        await compare(browsers.plain, screens, tmp_path)
        assert {screen.name for screen in screens} == set(SCREENS[6:])
