"""A space in a frame of somebody else's page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.edge import edge
from tests.support.recorded import record, recorded_space

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


@asynccontextmanager
async def blog(body: str) -> AsyncIterator[int]:
    """Somebody else's web server, on the port it gives, with one page for every request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html>" + body.encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_recording_in_a_frame_of_another_origin(browsers: Browsers) -> None:
    """The embedded page plays there and leads to the page itself; the page itself refuses to be framed."""
    async with edge(recorded_space()) as rig, visit(browsers.plain, "about:blank") as page:
        await record(rig.objects, 96, {range(24, 54): "ada", range(54, 96): "bob"})
        home = f"http://127.0.0.1:{rig.port}/s/friday"

        frames = f'<iframe name="embed" src="{home}/embed"></iframe><iframe name="whole" src="{home}"></iframe>'
        async with blog(frames) as port:
            await page.page.goto(f"http://localhost:{port}/")
            frame = page.page.frame("embed")
            assert frame
            await frame.locator("#chapters li").nth(2).wait_for(state="attached")
            await frame.locator("#next").click()
            await frame.locator("#now", has_text="Bob").wait_for()
            assert await frame.locator("#recording audio").evaluate("audio => audio.currentTime") > 17
            assert await frame.locator("#own-page a").get_attribute("href") == "/s/friday"
            assert await frame.locator("#turns details").is_hidden()
            whole = page.page.frame("whole")
            assert whole
            assert await whole.locator("#recording").count() == 0
            page.calm(but=("frame-ancestors",))


_PARENT = """<iframe name="embed" src="{home}/embed#origin={origin}" allow="autoplay"></iframe><script>
window.told = [];
addEventListener("message", ({{ data, source }}) => source === frames.embed && told.push(data));
</script>"""


async def test_the_page_around_a_frame_leads_the_player(browsers: Browsers) -> None:
    """It is told what happens and is obeyed, when it is the one that was named; another one hears and does nothing."""
    async with edge(recorded_space()) as rig, visit(browsers.plain, "about:blank") as page:
        await record(rig.objects, 96, {range(24, 54): "ada", range(54, 96): "bob"})
        home = f"http://127.0.0.1:{rig.port}/s/friday"
        async with blog("") as port:
            origin = f"http://localhost:{port}"
            for named, obeyed in ((origin, True), ("http://elsewhere.example", False)):
                await page.page.goto(f"{origin}/")
                await page.page.set_content(_PARENT.format(home=home, origin=named))
                frame = page.page.frame("embed")
                assert frame
                await frame.locator("#chapters li").nth(2).wait_for(state="attached")
                ask = "(wish) => frames.embed.postMessage({ stentor: 1, ...wish }, '*')"
                sound = frame.locator("#recording audio")
                if obeyed:
                    await page.until("told.some(({ event }) => event === 'ready')", "it is ready")
                await page.page.evaluate(ask, {"do": "seek", "at_s": 20 if obeyed else 3})
                await page.page.evaluate(ask, {"do": "seek", "at_s": "much"})
                if not obeyed:
                    frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
                    at_s = await sound.evaluate(f"async (audio) => {{ await {frames}; return audio.currentTime; }}")
                    assert abs(at_s - 3) > 1
                    assert await page.page.evaluate("told.length") == 0
                    continue
                await page.until("told.some(({ event, at_s }) => event === 'time' && at_s > 19)", "it jumps")
                await page.until("told.some(({ event, title }) => event === 'chapter' && /Bob/.test(title))", "who")
                await page.page.evaluate(ask, {"do": "play"})
                await page.until("told.some(({ event }) => event === 'playing')", "it plays")
                await page.page.evaluate(ask, {"do": "pause"})
                await page.until("told.at(-1).event === 'paused'", "it pauses")
                assert await page.page.evaluate("told.at(-1).length_s") > 25
