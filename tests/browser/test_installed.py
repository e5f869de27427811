"""The site on a home screen: what opens without a network, and what never passes through the worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_front import FULL, LIVE, told
from tests.support.browser import visit
from tests.support.edge import edge
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
READY: Final = "navigator.serviceWorker.ready.then((found) => Boolean(found.active))"
MUSIC: Final = """new Promise(async (found) => {
  while (!await caches.match("/hold.m4a")) await new Promise((done) => setTimeout(done, 100));
  found();
})"""
SEEN: Final = """Object.defineProperty(navigator, "languages", { value: ["de-AT", "en-GB"] });
void (self.seen = new Promise((found) => {
  registration.showNotification = async (title, options) => found([title, options]);
}))"""
AS_AN_APP: Final = """
const asked = window.matchMedia.bind(window);
window.matchMedia = (query) => query === "(display-mode: standalone)" ? { matches: true } : asked(query);
"""
"""What a page finds that runs as an app on a home screen, which no browser without a screen is."""
ON_A_PHONE: Final = """
const asked = window.matchMedia.bind(window);
window.matchMedia = (query) => query === "(pointer: coarse)" ? { matches: true } : asked(query);
window.handed = [];
navigator.canShare = () => true;
navigator.share = async (what) => {
  handed.push(what);
  if (window.refuses) throw new DOMException("no", window.refuses);
};
"""
"""A device with a sheet of its own for handing something on, which Chromium has on no Linux."""


class Line:
    """The network between a browser and an edge; ``port`` is its near end."""

    def __init__(self, far: int, near: int) -> None:
        self.far, self.port = far, near
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._carry, "localhost", self.port)

    async def down(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.far)
        self._open |= {writer, far_writer}
        with suppress(OSError):
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        for each in (writer, far_writer):
            each.close()
            self._open.discard(each)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def line(far: int) -> AsyncIterator[Line]:
    made = Line(far, free_ports(1)[0])
    await made.up()
    try:
        yield made
    finally:
        await made.down()


async def test_without_a_network_a_page_says_so(browsers: Browsers) -> None:
    """It has words, looks and the site's music, and what was asked for opens by itself when the network is back."""
    async with edge(LIVE, chunks=3) as rig, line(rig.port) as network:
        await told(rig, FULL)
        home = f"http://localhost:{network.port}/"
        async with visit(browsers.plain, f"{home}?lang=de", locale="de-DE", init_script=AS_AN_APP) as page:
            assert await page.page.evaluate(READY)
            async with asyncio.timeout(PATIENCE_S):
                await page.page.evaluate(MUSIC)
            await network.down()
            await page.page.goto(f"{home}s/{LIVE.id}")
            await page.says("h1", "Stentor ist nicht erreichbar")
            assert await page.page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
            await page.page.click("#music")
            await page.says("#music", "Musik anhalten")
            await network.up()
            await page.page.locator("#title", has_text=LIVE.title).wait_for()
            page.calm(but=("Failed to load", "ERR_"))


async def test_only_who_comes_back_keeps_the_music(browsers: Browsers) -> None:
    """In a tab the worker keeps a page and some files; half a megabyte for each visitor would be a crowd's."""
    async with edge(LIVE, chunks=3) as rig, line(rig.port) as network:
        await told(rig, FULL)
        async with visit(browsers.plain, f"http://localhost:{network.port}/") as page:
            assert await page.page.evaluate(READY)
            assert await page.page.evaluate("caches.match('/offline?lang=en').then(Boolean)")
            assert not await page.page.evaluate("caches.match('/hold.m4a').then(Boolean)")


async def test_streams_do_not_pass_through_the_worker(browsers: Browsers) -> None:
    """A page that the worker has sees replies of the network for all that is played or read on."""
    async with edge(chunks=12) as rig, line(rig.port) as network:
        await told(rig, FULL)
        async with visit(browsers.plain, f"http://localhost:{network.port}/") as page:
            assert await page.page.evaluate(READY)
            await page.page.reload()
            assert await page.page.evaluate("Boolean(navigator.serviceWorker.controller)")
            passed: dict[str, bool] = {}
            page.page.on("response", lambda reply: passed.update({reply.url: reply.from_service_worker}))
            for name in ("live.aac", "hls/index.m3u8", "pulse.json", "hold.m4a"):
                async with page.page.expect_response(lambda reply, name=name: reply.url.endswith(name)):  # type: ignore[misc]
                    await page.page.evaluate(f"void fetch('/s/friday/{name}').then((reply) => reply.body.cancel())")
            await page.page.goto(f"http://localhost:{network.port}/?q=jazz")
            of_space = {url.rpartition("/")[2]: through for url, through in passed.items() if "/s/" in url}
            assert of_space == dict.fromkeys(("live.aac", "index.m3u8", "pulse.json", "hold.m4a"), False)
            assert passed[f"http://localhost:{network.port}/?q=jazz"], (
                "pages do, so that there is one without a network"
            )
            opened = await page.page.goto(f"http://localhost:{network.port}/s/friday/live.aac", wait_until="commit")
            assert opened
            assert not opened.from_service_worker, "nor what somebody opens by its link"


async def test_a_talk_is_handed_on_by_the_device_itself(browsers: Browsers) -> None:
    """From the front page and from the talk's own. Who closes the sheet has changed their mind; where there is none
    that works the link is copied."""
    async with edge(LIVE, chunks=3) as rig:
        await told(rig, FULL)
        home = f"http://localhost:{rig.port}"
        allowed = {"permissions": ["clipboard-read", "clipboard-write"], "init_script": ON_A_PHONE}
        async with visit(browsers.plain, f"{home}/?lang=en", **allowed) as page:
            for path in ("/?lang=en", f"/s/{LIVE.id}?lang=en"):
                await page.page.goto(f"{home}{path}")
                there = await page.page.locator(".toast[role=status]").count()
                assert there or path != "/?lang=en", "what speaks is there before it has something to say"
                button = page.page.locator("[data-share]:visible").first
                for count, refuses in enumerate(("", "AbortError", "NotAllowedError"), 1):
                    await page.page.evaluate("(why) => { window.refuses = why; }", refuses)
                    await button.click()
                    await page.until(f"handed.length === {count}", f"the sheet opens on {path}")
                    said = await page.page.locator(".toast").all_inner_texts()
                    assert refuses == "NotAllowedError" or not "".join(said), "nothing went wrong"
                await page.says(".toast", "Link copied")
                copied = await page.page.evaluate("navigator.clipboard.readText()")
                assert await page.page.evaluate("handed[2]") == {"title": LIVE.title, "url": copied}
                assert f"/s/{LIVE.id}" in copied
                await page.page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
                await button.click()
                await page.says(".toast", f"Copy this link: {copied}")


async def test_a_push_message_is_shown(browsers: Browsers) -> None:
    """In its words, with the time as its reader has it, where it leads, and a tag by which one that comes twice takes
    the place of the first."""
    async with edge(LIVE, chunks=3) as rig:
        await told(rig, FULL)
        home = f"http://localhost:{rig.port}"
        async with visit(browsers.plain, f"{home}/") as page:
            assert await page.page.evaluate(READY)
            context = page.page.context
            [worker] = context.service_workers
            await worker.evaluate(SEEN)  # a browser without a profile shows nothing, and says so to nobody
            known: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            session = await context.new_cdp_session(page.page)

            def updated(event: dict[str, Any]) -> None:
                for each in event["registrations"]:
                    if not known.done():
                        known.set_result(each["registrationId"])

            session.on("ServiceWorker.workerRegistrationUpdated", updated)
            await session.send("ServiceWorker.enable")
            message = {
                "title": "Tea", "body": "New time: {when}", "at": 1_900_000_000_000, "tag": "tea.changed", "lang": "en",
                "url": f"{home}/s/tea?by=push",
            }  # fmt: skip
            wish = {"origin": home, "registrationId": await known, "data": json.dumps(message)}
            await session.send("ServiceWorker.deliverPushMessage", wish)
            async with asyncio.timeout(PATIENCE_S):
                title, options = await worker.evaluate("self.seen")
            assert (title, options["data"], options["tag"]) == ("Tea", message["url"], "tea.changed")
            assert options["body"].startswith("New time: 17 Mar 2030")
