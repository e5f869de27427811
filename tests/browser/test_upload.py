"""An archive of 30 MB that somebody imports over a slow line, which breaks."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_people import at
from tests.browser.test_search import DESK, PHONE, somebody
from tests.support.axe import violations
from tests.support.wait import patiently
from tests.support.whole import Whole
from tests.unit.fediverse.test_archive import create

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
LINE_BPS = 6_000_000
FAR = "document.querySelector('[data-under-way] progress')?.value ?? 0"
SAID = "[data-said]"


class Sent:
    """Somebody's page of imports on a line of their own, and where the parts began that it has sent."""

    def __init__(self, page: Any, line: Any, archive: Path) -> None:
        self.page, self._line, self._archive = page, line, archive
        self.began = list[int]()
        page.on("request", self._asked)
        page.on("dialog", lambda dialog: dialog.accept())  # that the page is not ready to be left

    @classmethod
    async def open(cls, house: Whole, browsers: Browsers, cookies: httpx.Cookies, archive: Path, look: Any) -> Sent:
        context = await browsers.plain.new_context(**look)
        await context.add_cookies([{"name": n, "value": v, "url": at(house, "/")} for n, v in cookies.items()])
        page = await context.new_page()
        found = cls(page, await context.new_cdp_session(page), archive)
        await page.goto(at(house, "/home/imports"))
        await found.line()
        return found

    async def line(self, *, offline: bool = False) -> None:
        how = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": LINE_BPS}
        await self._line.send("Network.emulateNetworkConditions", how)

    async def send(self) -> None:
        await self.page.set_input_files("input[type=file]", self._archive)
        await self.page.locator("form[data-upload] button").press("Enter")

    async def far(self, least: float) -> None:
        async for _ in patiently():
            if await self.page.evaluate(FAR) >= least:
                break

    async def there(self) -> None:
        """The file is in the list, and its only post came in."""
        await self.page.locator("li.move:has-text('archive.zip')").wait_for()
        async for _ in patiently():
            if "1 von 1" in await self.page.inner_text("li.move"):
                break

    def _asked(self, request: Any) -> None:
        if (found := re.search(r"/imports/uploads/\d+\?at=(\d+)", request.url)) and request.method == "PUT":
            self.began.append(int(found[1]))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Of one post, and of a film that stays behind."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        made.writestr("outbox.json", json.dumps({"orderedItems": [create(content="<p>Von früher</p>")]}))
        made.writestr("media_attachments/film.mp4", os.urandom(30_000_000))
    path = tmp_path / "archive.zip"
    path.write_bytes(out.getvalue())
    return path


async def test_a_bar_moves(house: Whole, browsers: Browsers, archive: Path) -> None:
    """How far it is can be seen and read aloud; then the file stands in the list with a bar of its own."""
    for look in (PHONE, DESK):
        cookies = await somebody(house, f"laedt-hoch-{look['viewport']['width']}")
        sent = await Sent.open(house, browsers, cookies, archive, look)
        await sent.send()
        bar = sent.page.get_by_role("progressbar", name="Wie weit das Hochladen ist")
        seen = set[float]()
        for least in (0.05, 0.3, 0.55, 0.8):
            await sent.far(least)
            seen.add(await bar.evaluate("bar => bar.value"))
            spoken = await bar.get_attribute("aria-valuetext")
            assert re.fullmatch(r"\d+,\d von 30,0 MB", spoken or ""), spoken
            assert spoken == await sent.page.inner_text("[data-far]")
            if least == 0.3:
                assert await sent.page.inner_text(SAID) == "25 % sind hochgeladen."
                assert not await violations(sent.page)
                assert await sent.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert await sent.page.evaluate("document.activeElement.matches('[data-cancel]')")
                assert not await sent.page.is_visible("form[data-upload]")
                if folder := os.environ.get("LOOK_AT"):
                    name = f"upload-{look['viewport']['width']}.png"
                    await sent.page.screenshot(path=Path(folder) / name, full_page=True)
        assert len(seen) == 4, seen
        await sent.there()
        assert sent.began == [each * 4 * 1024 * 1024 for each in range(8)]
        await sent.page.context.close()


async def test_a_line_that_breaks(house: Whole, browsers: Browsers, archive: Path) -> None:
    """The page says what to do, and goes on where it was: by itself, and when the file is chosen again another time."""
    cookies = await somebody(house, "bricht-ab")
    sent = await Sent.open(house, browsers, cookies, archive, PHONE)
    await sent.send()
    await sent.far(0.3)
    await sent.line(offline=True)
    await sent.page.get_by_text("Die Verbindung ist weg. Was hochgeladen ist, bleibt hier;").wait_for()
    assert "dieselbe Datei wählen" in await sent.page.inner_text(SAID)
    assert not await violations(sent.page)
    before = len(sent.began)
    await sent.page.get_by_role("button", name="Jetzt weitermachen").click()  # there is no connection yet
    assert len(sent.began) == before
    await sent.line()
    await sent.far(0.6)
    assert min(sent.began[before:]) > 0, "what was there was sent again"
    assert not await sent.page.is_visible("[data-go-on]")
    await sent.page.reload()
    await sent.line()
    before = len(sent.began)
    await sent.send()
    await sent.there()
    assert min(sent.began[before:]) >= 3 * 4_000_000, "another time it began anew"
    await sent.page.context.close()


async def test_a_press_ends_it(house: Whole, browsers: Browsers, archive: Path) -> None:
    """Nothing of the file is left, and the form is there again."""
    sent = await Sent.open(house, browsers, await somebody(house, "laesst-es"), archive, DESK)
    await sent.send()
    await sent.far(0.3)
    await sent.page.keyboard.press("Enter")  # the focus is on the button
    await sent.page.get_by_text("Das Hochladen ist abgebrochen.").wait_for()
    assert await sent.page.is_visible("form[data-upload]")
    folder = Path(house.settings.recordings_address.removeprefix("file://")) / "import-parts"
    async for _ in patiently():
        if not [each for each in folder.rglob("*") if each.is_file()]:
            break
    assert await sent.page.locator("li.move").count() == 0
    await sent.page.context.close()


async def test_without_a_script(house: Whole, browsers: Browsers, archive: Path) -> None:
    """The form sends it whole."""
    sent = await Sent.open(
        house, browsers, await somebody(house, "ohne-skript"), archive, DESK | {"java_script_enabled": False}
    )
    await sent.send()
    for _ in range(200):
        if await sent.page.locator("li.move:has-text('1 von 1')").count():
            await sent.page.context.close()
            return
        await sent.page.goto(at(house, "/home/imports"))
    raise AssertionError(await sent.page.inner_text("main"))
