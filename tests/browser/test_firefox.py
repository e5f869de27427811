"""The audience's pages in Debian's Firefox, heard at its loudspeaker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import numpy as np
import pytest
import pytest_asyncio

from stentor.audio.hold import HoldLoop
from stentor.audio.pcm import level_dbfs
from stentor.base import grid
from stentor.crowd.orders import Orders
from stentor.spaces import pulse
from stentor.spaces.model import State
from tests.browser.test_embed import blog
from tests.support.edge import DOORS_OPEN_MS, VOICE_CHUNKS, Rig, edge, encoded, live_space, programme
from tests.support.firefox import Firefox, firefox
from tests.support.loudspeaker import Loudspeaker, loudspeaker
from tests.support.recorded import ADA, OnStage, record, recorded_space
from tests.support.sound import correlation, voice

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]
AUDIO = "document.querySelector('#audio')"
RECORDING = "document.querySelector('#recording audio')"
HEARD_S = 5.0
THERE = 0.6
"""Other words of the same voice score 0.35 at most."""
TRIES = 4
LOUD_DBFS = -40.0
TALKING: Final = live_space(seats={ADA.id: ADA})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def speaker() -> AsyncIterator[Loudspeaker]:
    async with loudspeaker() as speaker:
        yield speaker


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory, speaker: Loudspeaker) -> AsyncIterator[Firefox]:
    async with firefox(tmp_path_factory.mktemp("firefox") / "profile", speaker) as browser:
        yield browser


@asynccontextmanager
async def on_air() -> AsyncIterator[Rig]:
    """An edge whose programme goes on in real time: Ada talks with a reader's voice, and there are 38 s of past."""
    async with edge(TALKING, chunks=120) as rig, going_on(rig):
        yield rig


@asynccontextmanager
async def going_on(rig: Rig) -> AsyncIterator[None]:
    task = asyncio.create_task(go_on(rig), name="programme")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def go_on(rig: Rig) -> None:
    loop = asyncio.get_running_loop()
    start, begun = rig.window.head, loop.time()
    while not rig.window.finished:
        await asyncio.sleep(0.02)
        while not rig.window.finished and rig.window.head < start + int((loop.time() - begun) / grid.CHUNK_S):
            chunk = programme(rig.window.head + 1)
            at_ms = DOORS_OPEN_MS + (chunk.number + 1) * grid.CHUNK_MS
            rig.now = at_ms / 1000
            beat = pulse.build(TALKING, chunk=chunk.number, at_ms=at_ms, source=chunk.source, listeners=3,
                               seats=[OnStage("ada", True, -20.0)])  # fmt: skip
            rig.channel.add(msgspec.structs.replace(chunk, pulse=beat), rig.now)


def address(rig: Rig, path: str = "") -> str:
    return f"http://127.0.0.1:{rig.port}/s/friday{path}"


async def plays(browser: Firefox, audio: str = AUDIO) -> None:
    """An element goes on, loud, without an error."""
    await browser.until(f"{audio}.currentTime > 0 && !{audio}.paused", "it plays")
    before = await browser.evaluate(f"{audio}.currentTime")
    await browser.until(f"{audio}.currentTime > {before} + 1", "it goes on")
    assert await browser.evaluate(f"!{audio}.muted && {audio}.volume === 1 && {audio}.error === null")


async def hears_something(speaker: Loudspeaker) -> None:
    """Live sound is played a little faster or slower by the page itself, so that it matches no recording."""
    assert level_dbfs(await speaker.heard(2.0)) > LOUD_DBFS


async def hears_the_reader(speaker: Loudspeaker) -> None:
    """What comes out of the loudspeaker is the voice in the programme; once, or once again while the player settles."""
    said = np.tile(voice("reader")[: VOICE_CHUNKS * grid.CHUNK_SAMPLES], 2)
    scores: list[float] = []
    while not scores or scores[-1] < THERE:
        assert len(scores) < TRIES, f"the reader is not heard: {scores}"
        scores.append(correlation(await speaker.heard(HEARD_S), said).score)


async def hears_bob_in_the_recording(browser: Firefox, speaker: Loudspeaker, rig: Rig) -> None:
    """The replay of Ada and then Bob plays from its last chapter, in the space's page."""
    await record(rig.objects, 96, {range(24, 54): "ada", range(54, 96): "bob"})
    await browser.open(address(rig))
    await browser.until("document.querySelectorAll('#chapters li').length === 3", "all turns are there")
    await browser.click("#chapters li:nth-child(3) button")
    await plays(browser, RECORDING)
    await browser.says("#now", "Bob")
    await hears_the_reader(speaker)


async def test_live_until_it_is_over(browser: Firefox, speaker: Loudspeaker) -> None:
    """Low-latency HLS plays, the page says how far behind, who talks and how many listen; the end is said."""
    async with on_air() as rig:
        await browser.open(address(rig))
        await browser.click("#play")
        await plays(browser)
        assert (await browser.evaluate(f"{AUDIO}.currentSrc")).startswith("blob:")
        await browser.until(r"/^[1-9] s behind live$/.test(document.querySelector('#behind').textContent)", "near live")
        await browser.says("#sound", "You are listening")
        await browser.says("#seats .talking", "Ada")
        await browser.says("#count", "3")
        await hears_something(speaker)
        rig.channel.update(
            msgspec.structs.replace(TALKING, state=State.ENDED, ended_ms=round(rig.now * 1000), version=2)
        )
        await browser.says("#state", "Ended")
        await browser.calm()


async def test_a_line_that_brings_nothing_is_noticed(browser: Firefox) -> None:
    """Firefox says nothing of a buffer that ran dry; the page does, and is there again when there is sound."""
    async with edge(TALKING, chunks=120) as rig:
        async with going_on(rig):
            await browser.open(address(rig))
            await browser.click("#play")
            await plays(browser)
        await browser.says("#sound", "The connection was lost")
        async with going_on(rig):
            await browser.says("#sound", "You are listening")
            await plays(browser)


async def test_who_cannot_decode_aac_hears_opus(tmp_path_factory: pytest.TempPathFactory, speaker: Loudspeaker) -> None:
    """Without FFmpeg's libraries Firefox plays no AAC: music, the plain live stream, recording and clip are Opus."""
    profile = tmp_path_factory.mktemp("firefox") / "opus"
    async with firefox(profile, speaker, {"media.ffmpeg.enabled": False}) as browser:
        async with edge(live_space(state=State.SCHEDULED, doors_open_ms=None, live_ms=None)) as rig:
            loop = {name: (chunks * 4)[: grid.HOLD_CHUNKS] for name, chunks in encoded().items()}
            rig.channel.hold = HoldLoop("the reader", b"", loop)
            await browser.open(address(rig))
            await browser.click("#play")
            await plays(browser)
            await hears_the_reader(speaker)
            await browser.says("#sound", "You are waiting with music")
        async with on_air() as rig:
            await browser.open(address(rig))
            await browser.click("#play")
            await plays(browser)
            assert "/live.opus" in await browser.evaluate(f"{AUDIO}.currentSrc")
            await hears_something(speaker)
        async with edge(recorded_space()) as rig:
            await hears_bob_in_the_recording(browser, speaker, rig)
            await browser.open(address(rig, "/clip?from=18&to=28"))
            await browser.click("h1")  # a page may play once it was touched
            await browser.evaluate("document.querySelector('audio').play()")
            await plays(browser, "document.querySelector('audio')")
            await hears_the_reader(speaker)


async def test_waiting_with_music(browser: Firefox) -> None:
    """Before the doors open, and outside a narrow door: the hold loop plays, and one comes in without a press."""
    async with on_air() as rig:
        rig.channel.heed(Orders("friday", version=1, p=0.0, epoch=1, narrow_ms=1, retry_s=(1, 2)))
        await browser.open(address(rig))
        await browser.click("#play")
        await browser.says("#headline", "You're in line")
        await plays(browser)
        assert "/hold.m4a" in await browser.evaluate(f"{AUDIO}.currentSrc")
        rig.channel.heed(Orders("friday", version=2))
        await browser.until(f"{AUDIO}.currentSrc.startsWith('blob:')", "it is let in")
        await plays(browser)
        await browser.calm()


async def test_the_countdown(browser: Firefox) -> None:
    """The time that is left, and music for who wants it."""
    soon = live_space(state=State.SCHEDULED, doors_open_ms=None, live_ms=None, scheduled_ms=4_000_000_000_000)
    async with edge(soon) as rig:
        await browser.open(address(rig))
        await browser.says("#headline", "2096")
        await browser.click("#play")
        await plays(browser)
        await browser.says("#sound", "You are waiting with music")
        await browser.calm()


async def test_text_only(browser: Firefox) -> None:
    """Who talks is read, and nothing is heard."""
    async with on_air() as rig:
        await browser.open(address(rig))
        await browser.click("#more")
        await browser.click("#text-only")
        await browser.says("#turns-read", "Ada")
        assert await browser.evaluate("document.querySelector('#player').hidden")
        await browser.click("#text-only")
        await browser.calm()


async def test_a_recording_and_its_frame(browser: Firefox, speaker: Loudspeaker) -> None:
    """The replay plays from a chapter with who spoke, in its page and in a frame of another site."""
    async with edge(recorded_space()) as rig:
        await hears_bob_in_the_recording(browser, speaker, rig)
        await browser.calm()
        async with blog(f'<iframe src="{address(rig, "/embed")}"></iframe>') as port:
            await browser.open(f"http://localhost:{port}/")
            await browser.call("WebDriver:SwitchToFrame", id=0)
            await browser.click("#next")
            await browser.says("#now", "Bob")
            await browser.evaluate(f"{RECORDING}.play()")
            await plays(browser, RECORDING)
            await browser.call("WebDriver:SwitchToFrame", id=None)
            await browser.calm(but=("Quirks", "Partitioned cookie"))
