"""The live page: how far behind one hears, the way back to live, and what it says when there is no room."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Route

from stentor.base import grid
from stentor.crowd.orders import Orders
from stentor.spaces.model import State
from tests.browser.conftest import Browsers
from tests.support.browser import visit
from tests.support.cues import said
from tests.support.edge import DOORS_OPEN_MS, Rig, edge, live_space
from tests.support.recorded import keep
from tests.support.wait import eventually
from tests.support.whole import Whole

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]
AUDIO = "document.querySelector('#audio')"


CHUNKS_BEFORE = 200
"""64 s: enough for somebody who follows half a minute behind."""


async def programme(rig: Rig) -> None:
    """Goes on in real time, for ever."""
    loop = asyncio.get_running_loop()
    start, begun = rig.window.head, loop.time()
    while True:
        await asyncio.sleep(0.02)
        rig.publish(max(0, start + int((loop.time() - begun) / grid.CHUNK_S) - rig.window.head))


@pytest_asyncio.fixture(loop_scope="session")
async def rig() -> AsyncIterator[Rig]:
    """An edge whose programme goes on in real time, with 38 s of past."""
    async with edge(chunks=120) as rig:
        task = asyncio.create_task(programme(rig), name="programme")
        yield rig
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("without", [None, "**/vendor/**"], ids=["hls", "plain"])
async def test_the_page_says_how_far_behind_one_hears(rig: Rig, browsers: Browsers, without: str | None) -> None:
    """A few seconds, by either way to play; near live there is nothing to jump to."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday", without=without) as page:
        await page.page.click("#play")
        await page.until(r"/^[1-9] s behind live$/.test(document.querySelector('#behind').textContent)", "seconds")
        assert await page.page.locator("#catch-up").is_hidden()


async def test_a_page_that_plays_is_one_listener(rig: Rig, browsers: Browsers) -> None:
    """On however many connections hls.js asks, at no moment it is more, and soon it is a whole one; until it leaves."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.until(f"{AUDIO}.currentTime > 0", "it plays")
        seen = []
        for _ in range(20):
            await asyncio.sleep(0.2)
            seen.append(rig.channel.players)
        assert max(seen) <= 1
        assert seen[-1] == 1
    await eventually(lambda: rig.channel.players == 0, "it has left")


async def test_back_to_live(rig: Rig, browsers: Browsers) -> None:
    """Who is far behind has a button that leads to the newest sound."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.until(f"{AUDIO}.currentTime > 0 && {AUDIO}.seekable.length", "it plays")
        await page.page.evaluate(f"{AUDIO}.currentTime = {AUDIO}.seekable.start(0) + 1")
        await page.page.click("#catch-up")
        await page.until(r"/^[1-9] s behind live$/.test(document.querySelector('#behind').textContent)", "near live")
        await page.page.locator("#catch-up").wait_for(state="hidden")


async def test_who_comes_in_the_first_seconds_hears_on(browsers: Browsers) -> None:
    """While there is only the first segment, its last part is loaded once, and sound goes on with the next."""
    asked: list[str] = []
    async with edge(chunks=grid.CHUNKS_PER_SEGMENT) as rig, visit(browsers.plain, "about:blank") as page:
        page.page.on("request", lambda request: asked.append(request.url))
        await page.page.goto(f"http://127.0.0.1:{rig.port}/s/friday")
        await page.page.click("#play")
        await page.until(f"{AUDIO}.buffered.length && {AUDIO}.buffered.end(0) > 3.8", "the first segment is there")
        rig.publish(grid.CHUNKS_PER_PART)
        await page.until(f"{AUDIO}.buffered.end(0) > 4.7", "so is the next part")
        assert sum(url.endswith("/aac-64/0.3.m4s") for url in asked) == 1


async def test_the_end_is_said_when_it_is_heard(rig: Rig, browsers: Browsers) -> None:
    """Though the news of the end came after chunks beyond it, and no pulse tells of it."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.until(f"{AUDIO}.currentTime > 0", "it plays")
        ended_ms = round(rig.now * 1000) - 2 * grid.CHUNK_MS
        rig.channel.update(msgspec.structs.replace(live_space(), state=State.ENDED, ended_ms=ended_ms, version=2))
        await page.says("#state", "Ended")
        assert await page.page.locator("#player").is_hidden()
        page.calm()


async def test_a_full_edge_is_said_plainly(rig: Rig, browsers: Browsers) -> None:
    """The page says that there is no room, and plays by itself when there is."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday", without="**/vendor/**") as page:
        room = {"there": False}

        async def refuse(route: Route) -> None:
            await (route.continue_() if room["there"] else route.fulfill(status=503, body="{}"))

        await page.page.route("**/door.json", refuse)
        await page.page.route("**/live.aac*", refuse)
        await page.page.click("#play")
        await page.says("#sound", "there is no room right now")
        room["there"] = True
        await page.says("#sound", "You are listening")


async def test_captions_in_step_with_the_sound(rig: Rig, browsers: Browsers) -> None:
    """Below the player, when the listener wants them, with the speaker's name; what is not heard yet is not shown."""
    now_s = (rig.window.head + 1) * grid.CHUNK_S
    spoken = [said(now_s - 4, "Good evening.", length_s=300), said(now_s - 3, "Hello.", "bob", length_s=300)]
    for cue in (*spoken, said(now_s + 300, "Not yet.")):
        rig.channel.captions.add(cue, DOORS_OPEN_MS)
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.page.locator("#captions-switch").wait_for()
        assert await page.page.locator("#captions").is_hidden()
        await page.page.click("#captions-switch")
        await page.says("#captions", "Ada Good evening.")
        await page.says("#captions", "Bob Hello.")
        assert "Not yet." not in await page.page.inner_text("#captions")
        assert await page.page.get_attribute("#captions-switch", "aria-pressed") == "true"
        await page.page.reload()
        await page.page.click("#play")
        await page.says("#captions", "Hello.")
        page.calm()


async def test_captions_can_be_asked_for_before_there_are_any(rig: Rig, browsers: Browsers) -> None:
    """Their place is there at once and says why it is empty; with the first words nothing on the page moves."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#captions-switch")
        await page.says("#captions-wait", "No captions yet.")
        below = "document.querySelector('#stage, #ways-to-hear').getBoundingClientRect().top"
        before = await page.page.evaluate(below)
        rig.channel.captions.add(said((rig.window.head - 9) * grid.CHUNK_S, "Good evening."), DOORS_OPEN_MS)
        await page.says("#captions-read", "Good evening.")
        assert await page.page.locator("#captions-wait").is_hidden()
        assert abs(await page.page.evaluate(below) - before) < 30, "a line of the note is all that may come"
        page.calm()


async def test_who_does_not_hear_reads_the_whole_talk(rig: Rig, browsers: Browsers) -> None:
    """From its first word, with names, as it grows, without a press on play and without a byte of sound; who scrolls
    back stays there, and the device remembers size and contrast."""

    def says(back_s: float, text: str, seat: str) -> None:
        now_s = (rig.window.head + 1) * grid.CHUNK_S
        rig.channel.captions.add(said(now_s - back_s, text, seat, length_s=1.0), DOORS_OPEN_MS)

    for count in range(12):
        says(36 - 2 * count, f"Sentence {count}.", "ada" if count < 9 else "bob")
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#captions-switch")
        await page.says("#captions-read p:nth-child(1)", "Ada Sentence 0.")
        await page.says("#captions-read p:nth-child(10)", "Bob Sentence 9.")
        assert await page.page.locator("#captions-read p").nth(1).inner_text() == "Sentence 1."
        assert re.search(r"About \d+ s behind", await page.page.inner_text("#captions"))
        says(6, "It goes on.", "ada")
        await page.says("#captions-read p:nth-child(13)", "Ada It goes on.")
        read = "document.querySelector('#captions-read')"
        at, end = f"{read}.scrollTop", f"({read}.scrollHeight - {read}.clientHeight)"
        await page.until(f"{at} > 0 && {at} >= {end} - 2", "the newest line is in sight")
        await page.page.evaluate(f"{at} = 0")
        newest = page.page.get_by_role("button", name="Newest")
        await newest.wait_for()
        says(5, "And on.", "bob")
        await page.says("#captions-read p:nth-child(14)", "Bob And on.")
        assert await page.page.evaluate(at) == 0
        await newest.click()
        await page.until(f"{at} >= {end} - 2", "it follows again")
        await page.page.get_by_label("Text size").select_option("180 %")
        await page.page.get_by_label("High contrast").check()
        await page.page.reload()
        await page.says("#captions-read", "And on.")
        assert await page.page.get_by_label("Text size").input_value() == "180"
        assert "contrast" in (await page.page.get_attribute("#captions", "class") or "")
        assert not [each.url for each in page.watch.responses if re.search(r"/live\.|/hls/|hold\.", each.url)]
        page.calm()


async def test_a_device_that_wants_contrast_has_it(rig: Rig, browsers: Browsers) -> None:
    """And text only, for bad lines, is the transcript when there is one."""
    rig.channel.captions.add(said(1, "Good evening."), DOORS_OPEN_MS)
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.emulate_media(contrast="more")
        await page.page.click("#more")
        await page.page.get_by_label("Text only").check()
        await page.says("#captions-read", "Ada Good evening.")
        assert await page.page.get_by_label("High contrast").is_checked()
        assert await page.page.locator("#turns-read").is_hidden()
        page.calm()


async def test_a_reaction_is_seen_by_everybody(house: Whole, browsers: Browsers) -> None:
    """From one page by edge, heartbeat, programme and pulse to another; hosts can turn them off."""
    await house.space("applause")
    async with (
        visit(browsers.plain, house.audience("applause")) as one,
        visit(browsers.plain, house.audience("applause")) as other,
    ):
        await one.page.get_by_role("button", name="Applause").click()
        await other.page.get_by_role("button", name="Applause: 1").wait_for()
        await house.call("PATCH", "/spaces/applause", {"reactions": False})
        await other.page.locator("#reactions").wait_for(state="hidden", timeout=60_000)
        one.calm()


async def test_a_cut_line_is_bridged_with_music(rig: Rig, browsers: Browsers) -> None:
    """The hold loop plays out of the browser's memory, nothing to press, and the talk comes back with the line."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.until(f"{AUDIO}.currentTime > 0", "it plays")
        script = await page.page.get_attribute("script[type=module]", "src")
        assert script is not None
        source = await (await page.page.request.get(f"http://127.0.0.1:{rig.port}{script}")).text()
        bridge = re.search(r'"([^"]+/bridge\.js)"', source)
        assert bridge is not None
        hold = "/s/friday/hold.m4a"
        await page.page.evaluate(f"import({bridge[1]!r}).then(({{ keep }}) => keep({hold!r}))")
        await page.page.context.set_offline(True)
        await page.until(f"{AUDIO}.src.startsWith('blob:') && {AUDIO}.loop", "the bridge")
        await page.until(f"{AUDIO}.currentTime > 0.5 && !{AUDIO}.paused", "it is heard")
        await page.says("#sound", "The connection was lost")
        await page.says("#headline", "Can't reach the server")
        assert await page.page.locator("#live").is_hidden(), "nobody knows who is on the stage"
        await page.page.context.set_offline(False)
        await page.says("#sound", "You are listening")
        await page.says("#state", "Live")
        assert not await page.page.evaluate(f"{AUDIO}.loop")


async def test_text_only_costs_next_to_nothing(rig: Rig, browsers: Browsers) -> None:
    """No sound is loaded, who talks is written down, and the edge sends less than 400 bytes a second."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.until(f"{AUDIO}.currentTime > 0", "it plays")
        await page.page.click("#more")
        await page.page.get_by_label("Text only").check()
        await page.says("#turns-read", "nobody is talking")
        assert await page.page.locator("#player").is_hidden()
        await eventually(lambda: sum(rig.channel.counts().values()) == 0, "nobody hears sound")
        before, loaded = rig.worker.replied_bytes, len(page.watch.responses)
        await asyncio.sleep(12)  # long enough for three looks
        assert 0 < rig.worker.replied_bytes - before < 12 * 400
        addresses = {response.url.rpartition("/")[2] for response in page.watch.responses[loaded:]}
        assert addresses <= {"pulse.json", "door.json"}
        await page.page.reload()
        assert await page.page.get_by_label("Text only").is_checked()


async def test_who_is_behind_hears_a_little_faster_unless_told_not_to(rig: Rig, browsers: Browsers) -> None:
    """By at most 5 per cent, until the switch says no; the browser remembers that."""
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.until(f"{AUDIO}.currentTime > 0", "it plays")
        await page.page.evaluate(f"{AUDIO}.currentTime -= 3")
        rate = f"{AUDIO}.playbackRate"
        await page.until(f"{rate} > 1 && {rate} <= 1.05 && {AUDIO}.preservesPitch", "a little faster")
        await page.page.click("#more")
        await page.page.get_by_label("Catch up gently").uncheck()
        await page.until(f"{rate} === 1", "as it was spoken")
        await page.page.reload()
        assert not await page.page.get_by_label("Catch up gently").is_checked()


async def test_a_narrow_door_is_waited_at_with_music(rig: Rig, browsers: Browsers) -> None:
    """Outside one hears the hold music and reads how many come before; in one comes without a press."""
    rig.channel.heed(Orders("friday", version=1, p=0.0, epoch=1, narrow_ms=1, retry_s=(1, 2), waiting=40, pace=0.05))
    async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
        await page.page.click("#play")
        await page.says("#headline", "You're in line")
        await page.says("#outside", "of those waiting are ahead of you")
        await page.advances()
        assert "/hold.m4a" in await page.page.evaluate(f"{AUDIO}.currentSrc")
        assert rig.worker.listeners == 0
        rig.channel.heed(Orders("friday", version=2))
        await page.page.locator("#outside").wait_for(state="hidden")
        await page.until(r"/^[1-9] s behind live$/.test(document.querySelector('#behind').textContent)", "it is live")
        page.calm()


async def test_those_outside_follow_some_minutes_behind(browsers: Browsers) -> None:
    """From what is stored, when they wish; they learn of room for them, and go in when they press."""
    async with edge(live_space(overflow_s=30), chunks=CHUNKS_BEFORE) as rig:
        going = [asyncio.create_task(programme(rig)), asyncio.create_task(keep(rig.objects, lambda: rig.window.head))]
        rig.channel.heed(Orders("friday", version=1, p=0.0, epoch=1, narrow_ms=1, retry_s=(1, 2), waiting=40))
        async with visit(browsers.plain, f"http://127.0.0.1:{rig.port}/s/friday") as page:
            await page.page.click("#play")
            await page.page.get_by_role("button", name="Listen now, 0.5 minutes behind").click()
            await page.says("#headline", "You're 0.5 minutes behind")
            await page.until(f"{AUDIO}.currentTime > 1 && !{AUDIO}.loop", "it is heard")
            await page.until(
                r"/^[3-5]\d s behind live$/.test(document.querySelector('#behind').textContent)", "how far"
            )
            assert rig.worker.listeners == 0
            heard_s = (rig.window.head + 1) * grid.CHUNK_S - 45
            for cue in (said(heard_s, "It was so.", length_s=300), said(heard_s + 300, "It is so.")):
                rig.channel.captions.add(cue, DOORS_OPEN_MS)
            await page.page.click("#captions-switch")
            await page.says("#captions", "Ada It was so.")
            rig.channel.heed(Orders("friday", version=2))
            await page.says("#outside", "There is room for you now.")
            await page.page.get_by_role("button", name="Go to live").click()
            await page.until(
                r"/^[1-9] s behind live$/.test(document.querySelector('#behind').textContent)", "it is live"
            )
            await page.page.locator("#follow").wait_for(state="hidden")
            page.calm()
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
